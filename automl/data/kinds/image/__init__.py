"""Rows of images: height, width and channels of bytes each."""
