use "Inputs/cycle_a.mod"
