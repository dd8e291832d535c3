"""Classifiers of the ``transformers`` library: BERT and its relatives. Nothing else imports that library."""
