: Anomalous rectifier, the rates of src/solver/mechanisms/ar.rs without a table.

NEURON {
    SUFFIX ar
    NONSPECIFIC_CURRENT i
    RANGE gbar
}

PARAMETER { gbar = 0 (S/cm2) }

STATE { m }

INITIAL { m = 0.25 }

BREAKPOINT {
    SOLVE gates METHOD cnexp
    i = gbar*m*(v + 35)
}

DERIVATIVE gates {
    m' = (minf(v) - m)*rate(v)
}

FUNCTION minf(v) { minf = 1/(1 + exp((v + 75)/5.5)) }
FUNCTION rate(v) { rate = exp(-14.6 - 0.086*v) + exp(-1.87 + 0.07*v) }
