"""Choosing hyperparameters (section 18.4.3): train several, choose on validation, measure the chosen on the test."""
