"""One training run of a classifier, from pictures to a directory with model, numbers, pictures and a report."""
