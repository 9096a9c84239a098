: High-voltage activated calcium current, the rates of src/solver/mechanisms/ca.rs without a table.

NEURON {
    SUFFIX ca
    USEION ca READ eca WRITE ica
    RANGE gbar
}

PARAMETER {
    gbar = 0.1 (pS/um2)
    celsius (degC)
}

ASSIGNED { tadj }

STATE { m h }

INITIAL {
    LOCAL a, b
    tadj = 2.3^((celsius - 53.7)/10)
    a = alpha_m(v)
    b = beta_m(v)
    m = a/(a + b)
    a = alpha_h(v)
    b = beta_h(v)
    h = a/(a + b)
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    ica = 1e-4*tadj*gbar*m*m*h*(v - eca)
}

DERIVATIVE gates {
    LOCAL am, bm, ah, bh
    am = tadj*alpha_m(v)
    bm = tadj*beta_m(v)
    ah = tadj*alpha_h(v)
    bh = tadj*beta_h(v)
    m' = am - m*(am + bm)
    h' = ah - h*(ah + bh)
}

FUNCTION alpha_m(v) { alpha_m = 0.209*exprelr(-(v + 27)/3.8) }
FUNCTION beta_m(v) { beta_m = 0.94*exp(-(v + 75)/17) }
FUNCTION alpha_h(v) { alpha_h = 0.000457*exp(-(v + 13)/50) }
FUNCTION beta_h(v) { beta_h = 0.0065/(exp(-(v + 15)/28) + 1) }
