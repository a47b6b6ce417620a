"""The look of the page: colours, corners, and fonts that every machine has."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import colors, sizes

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MONO = ("ui-monospace", "SF Mono", "Consolas", "monospace")


def page_theme() -> gr.themes.Base:
    """Return the theme; it asks no other host for anything."""
    theme = gr.themes.Base(
        primary_hue=colors.violet,
        secondary_hue=colors.violet,
        neutral_hue=colors.slate,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_lg,
        font=FONTS,
        font_mono=MONO,
    )
    return theme.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="#12101c",
        background_fill_primary="white",
        background_fill_primary_dark="#1a1726",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="#221e31",
        body_text_color_subdued="*neutral_500",
        border_color_primary="*neutral_200",
        border_color_primary_dark="#352f4a",
        block_background_fill="white",
        block_background_fill_dark="#1a1726",
        block_border_width="1px",
        block_shadow="none",
        block_label_text_size="*text_sm",
        block_title_text_weight="600",
        color_accent="*primary_600",
        color_accent_soft="*primary_50",
        color_accent_soft_dark="#2b2348",
        input_background_fill="white",
        input_background_fill_dark="#221e31",
        input_border_width="1px",
        input_border_color="*neutral_300",
        input_border_color_dark="#443c5e",
        input_border_color_focus="*primary_500",
        button_large_radius="14px",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_500",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        slider_color="*primary_600",
        slider_color_dark="*primary_500",
    )
