"""Side by side with peers and with the limit: ratios in one run, CPU time, medians."""
