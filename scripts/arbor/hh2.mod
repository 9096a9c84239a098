: Sodium, potassium and leak currents, the rates of src/solver/mechanisms/hh2.rs without tables.

NEURON {
    SUFFIX hh2
    USEION na READ ena WRITE ina
    USEION k READ ek WRITE ik
    NONSPECIFIC_CURRENT il
    RANGE gnabar, gkbar, gl, el
}

PARAMETER {
    gnabar = 0.12 (S/cm2)
    gkbar = 0.036 (S/cm2)
    gl = 0.0003 (S/cm2)
    el = -54.3 (mV)
    celsius (degC)
}

ASSIGNED { q10 }

STATE { m h n }

INITIAL {
    LOCAL a, b
    q10 = 3^((celsius - 37)/10)
    a = alpha_m(v)
    b = beta_m(v)
    m = a/(a + b)
    a = alpha_h(v)
    b = beta_h(v)
    h = a/(a + b)
    a = alpha_n(v)
    b = beta_n(v)
    n = a/(a + b)
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    LOCAL gk, n2
    n2 = n*n
    gk = gkbar*n2*n2
    ina = gnabar*m*m*m*h*(v - ena)
    ik = gk*(v - ek)
    il = gl*(v - el)
}

DERIVATIVE gates {
    LOCAL am, bm, ah, bh, an, bn
    am = q10*alpha_m(v)
    bm = q10*beta_m(v)
    ah = q10*alpha_h(v)
    bh = q10*beta_h(v)
    an = q10*alpha_n(v)
    bn = q10*beta_n(v)
    m' = am - m*(am + bm)
    h' = ah - h*(ah + bh)
    n' = an - n*(an + bn)
}

FUNCTION alpha_m(v) { alpha_m = exprelr(-(v + 40)/10) }
FUNCTION beta_m(v) { beta_m = 4*exp(-(v + 65)/18) }
FUNCTION alpha_h(v) { alpha_h = 0.07*exp(-(v + 65)/20) }
FUNCTION beta_h(v) { beta_h = 1/(exp(-(v + 35)/10) + 1) }
FUNCTION alpha_n(v) { alpha_n = 0.1*exprelr(-(v + 55)/10) }
FUNCTION beta_n(v) { beta_n = 0.125*exp(-(v + 65)/80) }
