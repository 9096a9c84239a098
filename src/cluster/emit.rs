//! Lists of commands for engines other than SLURM, which all run the same shards.

use super::script::{Script, quoted};

/// One command a line, for GNU parallel, xargs or a shell.
pub fn parallel(script: &Script) -> String {
    let shard = |shard| {
        format!(
            "{} {} {shard} --jobs {}\n",
            script.command("shard"),
            script.id,
            script.cpus
        )
    };
    (0..script.shards).map(shard).collect()
}

/// One command, for HyperQueue: an array whose tasks are the shards.
pub fn hyperqueue(script: &Script) -> String {
    let shard = format!(
        "{} {} \"$HQ_TASK_ID\" --jobs {}",
        script.command("shard"),
        script.id,
        script.cpus
    );
    format!(
        "hq submit --array=0-{} --cpus={} --time-limit={} --wait bash -c {}\n",
        script.shards.saturating_sub(1),
        script.cpus,
        hours(script),
        quoted(&shard)
    )
}

/// HyperQueue reads hours, minutes and seconds.
fn hours(script: &Script) -> String {
    let seconds = script.time.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A Snakefile with a rule for a shard and one that publishes at the end.
pub fn snakemake(script: &Script) -> String {
    // Braces are Snakemake's own.
    let text = |command: String| format!("{:?}", command.replace('{', "{{").replace('}', "}}"));
    let shard = format!("{} {}", script.command("shard"), script.id);
    let shard =
        text(shard).trim_end_matches('"').to_string() + " {wildcards.shard} --jobs {threads}\"";
    let id = &script.id;
    format!(
        "rule all:\n    input: expand(\"hnn-sweep-{id}/{{shard}}.done\", shard=range({}))\n    shell: {}\n\n\
         rule shard:\n    output: touch(\"hnn-sweep-{id}/{{shard}}.done\")\n    threads: {}\n    \
         resources: runtime={}\n    shell: {shard}\n",
        script.shards,
        text(script.publish()),
        script.cpus,
        script.time.as_secs().div_ceil(60),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Cluster;
    use std::time::Duration;

    fn script() -> Script {
        Script {
            name: "erp".into(),
            program: "/bin/hnn-sweep".into(),
            folder: "/my results".into(),
            id: "0001-3f9a".into(),
            logs: "/my results/.state/submissions/0001-3f9a/logs".into(),
            shards: 2,
            cpus: 4,
            time: Duration::from_secs(100_000),
            settings: Cluster::default(),
        }
    }

    #[test]
    fn every_engine_is_told_the_same_shards() {
        let lines = parallel(&script());
        assert_eq!(
            lines,
            "/bin/hnn-sweep shard '/my results' 0001-3f9a 0 --jobs 4\n\
             /bin/hnn-sweep shard '/my results' 0001-3f9a 1 --jobs 4\n"
        );
        let line = hyperqueue(&script());
        assert!(
            line.starts_with("hq submit --array=0-1 --cpus=4 --time-limit=27:46:40 "),
            "{line}"
        );
        let file = snakemake(&script());
        let shell = "shell: \"/bin/hnn-sweep shard '/my results' 0001-3f9a {wildcards.shard} --jobs {threads}\"";
        assert!(file.contains(shell), "{file}");
        assert!(file.contains("shard=range(2))"), "{file}");
        let last = "shell: \"/bin/hnn-sweep publish '/my results' --ended 0001-3f9a\"";
        assert!(file.contains(last), "{file}");
    }
}
