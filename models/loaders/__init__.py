"""From a row to objects on a device, by family; each module has a function `load`."""
