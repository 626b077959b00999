"""Lists in pages, whatever carries them: pagers, the bounds of a window, and the loop that reads to the end."""
