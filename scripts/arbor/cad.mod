: Calcium in a shell under the membrane: influx and removal, see src/solver/mechanisms/cad.rs.

NEURON {
    SUFFIX cad
    USEION ca READ ica WRITE cai
    RANGE taur
}

PARAMETER { taur = 200 (ms) }

STATE { cai }

INITIAL { cai = 1e-4 }

BREAKPOINT {
    SOLVE pool METHOD cnexp
}

DERIVATIVE pool {
    LOCAL drive
    : 10000/(2 FARADAY depth), with a depth of 0.1 um
    drive = max(0, -(0.5182136553443892*ica))
    cai' = drive + (1e-4 - cai)/taur
}
