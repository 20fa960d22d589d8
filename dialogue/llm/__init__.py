"""Language models in the dialogue: asked, grounded in passages, checked, and put into clauses."""
