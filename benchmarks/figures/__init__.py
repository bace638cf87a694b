"""Figures of this project alone: start-up, stages of a trial, memory, recycling, driver, table."""
