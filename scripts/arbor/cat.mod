: Low-threshold calcium current, the rates of src/solver/mechanisms/cat.rs without a table.

NEURON {
    SUFFIX cat
    NONSPECIFIC_CURRENT i
    RANGE gbar
}

PARAMETER { gbar = 0 (S/cm2) }

STATE { m h }

INITIAL {
    m = minf(v)
    h = hinf(v)
}

BREAKPOINT {
    SOLVE gates METHOD cnexp
    i = gbar*m*m*h*(v - 125)
}

DERIVATIVE gates {
    LOCAL htau
    if (v < -81) {
        htau = 0.333*exp((v + 466)/66.6)
    } else {
        htau = 9.32 + 0.333*exp(-(v + 21)/10.5)
    }
    m' = (minf(v) - m)/mtau(v)
    h' = (hinf(v) - h)/htau
}

FUNCTION minf(v) { minf = 1/(1 + exp(-(v + 56)/6.2)) }
FUNCTION mtau(v) { mtau = 0.204 + 0.333/(exp((v + 15.8)/18.2) + exp(-(v + 131)/16.7)) }
FUNCTION hinf(v) { hinf = 1/(1 + exp((v + 80)/4)) }
