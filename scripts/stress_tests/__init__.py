"""Parts of ``scripts/stress.py``, which kills, starves and misleads the commands and judges how they end."""
