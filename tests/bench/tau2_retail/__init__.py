"""tau2's retail shop as an Offhook assistant: converted, called by a simulated caller, scored."""
