use "Inputs/window.mod"(widht = 4)
let a = nothing_is_said_about_this
