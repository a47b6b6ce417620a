"""The models behind the ports: the only place that imports torch, transformers or diffusers."""
