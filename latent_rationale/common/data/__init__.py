"""Words to ids, texts to padded batches."""
