"""How `tiny` is made: its corpus, tokenizer, training, export and evaluation. Nothing here is needed to use Paddock."""
