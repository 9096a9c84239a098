: Potassium current that opens with calcium, see src/solver/mechanisms/kca.rs.

NEURON {
    SUFFIX kca
    USEION k READ ek WRITE ik
    USEION ca READ cai
    RANGE gbar
}

PARAMETER {
    gbar = 10 (pS/um2)
    celsius (degC)
}

ASSIGNED { tadj }

STATE { n }

INITIAL {
    LOCAL a
    tadj = 2.3^((celsius - 53.7)/10)
    a = 0.01*cai
    n = a/(a + 0.02)
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ik = 1e-4*tadj*gbar*n*(v - ek)
}

DERIVATIVE gates {
    LOCAL a
    a = 0.01*cai
    n' = tadj*(a - n*(a + 0.02))
}
