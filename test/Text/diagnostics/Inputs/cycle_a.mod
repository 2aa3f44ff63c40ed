use "Inputs/cycle_b.mod"
