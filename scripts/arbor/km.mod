: Slow potassium current, the rates of src/solver/mechanisms/km.rs without a table.

NEURON {
    SUFFIX km
    USEION k READ ek WRITE ik
    RANGE gbar
}

PARAMETER {
    gbar = 10 (pS/um2)
    celsius (degC)
}

ASSIGNED { tadj }

STATE { n }

INITIAL {
    LOCAL a, b
    tadj = 2.3^((celsius - 53.7)/10)
    a = alpha(v)
    b = beta(v)
    n = a/(a + b)
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ik = 1e-4*tadj*gbar*n*(v - ek)
}

DERIVATIVE gates {
    LOCAL a, b
    a = tadj*alpha(v)
    b = tadj*beta(v)
    n' = a - n*(a + b)
}

FUNCTION alpha(v) { alpha = 0.009*exprelr(-(v + 30)/9) }
FUNCTION beta(v) { beta = 0.009*exprelr((v + 30)/9) }
