"""What a service of one machine stands, with a training job beside it: `python -m benchmarks.load [NAME …]`."""
