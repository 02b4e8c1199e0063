"""Statistics and A/V sync measurement of what is sent."""
