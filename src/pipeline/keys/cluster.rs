//! Keys of how a sweep is submitted to a cluster.

use super::form::{Form, Key, key};

pub(in crate::pipeline) const CLUSTER: [Key; 7] = [
    key("partition", Form::Text, "Partition (queue) of SLURM"),
    key("account", Form::Text, "Account that pays"),
    key("cpus", Form::Whole, "CPUs of each array task"),
    key(
        "time",
        Form::Text,
        "Longest time of each array task, such as \"2:00:00\" or \"2h\"",
    ),
    key(
        "modules",
        Form::List(&Form::Text, 0, None),
        "Environment modules that are loaded first",
    ),
    key(
        "sbatch",
        Form::List(&Form::Text, 0, None),
        "Further options of sbatch, such as \"--mem=4G\"",
    ),
    key(
        "setup",
        Form::List(&Form::Text, 0, None),
        "Lines of a shell that are run first",
    ),
];
