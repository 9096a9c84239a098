: Reversal potential of calcium at its present concentration, with the constants of src/solver/mechanisms/mod.rs.

NEURON {
    SUFFIX eca
    USEION ca READ cai, cao WRITE eca
}

PARAMETER { celsius (degC) }

ASSIGNED { factor }

INITIAL { factor = 8313.4*(celsius + 273.15)/(2*96485.309) }

BREAKPOINT { eca = factor*log(cao/cai) }
