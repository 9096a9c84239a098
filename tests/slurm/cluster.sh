# A real SLURM of virtual nodes on this machine, on the loopback interface only; to be sourced.
#   slurm_install      installs it with apt where that can be done; fails where there is none
#   slurm_up FOLDER    starts munge, a controller and four nodes of eight CPUs, with all of their files in FOLDER
#   slurm_down FOLDER  ends them, by process number
#   slurm_node FOLDER NODE   starts one node (again)

SLURM_NODES=4
SLURM_CPUS=8

slurm_install() {
    local program missing=
    for program in slurmctld slurmd sbatch munged; do
        command -v "$program" >/dev/null || missing=1
    done
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    # The packages must not start anything.
    local policy=/usr/sbin/policy-rc.d own=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && own=1
    fi
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
        --no-install-recommends slurmctld slurmd slurm-client munge; } >/dev/null 2>&1
    local installed=$?
    [ -z "$own" ] || rm -f "$policy"
    return $installed
}

slurm_conf() {
    local folder="$1" host port="$2" node
    host="$(hostname -s)"
    cat <<END
ClusterName=hnnsweep
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
# In a container: no control groups, no mail.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
MailProg=/bin/true
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/slurmd-%n
# More CPUs than the machine has.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
# Decide at once, not within minutes.
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0,requeue_delay=1
MessageTimeout=10
KillWait=3
MinJobAge=3600
MaxArraySize=1001
SlurmdTimeout=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
END
    for node in $(seq "$SLURM_NODES"); do
        echo "NodeName=n$node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + node)) CPUs=$SLURM_CPUS RealMemory=1000 State=UNKNOWN"
    done
    echo "PartitionName=batch Nodes=n[1-$SLURM_NODES] Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE"
    echo "PartitionName=urgent Nodes=n[1-$SLURM_NODES] MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF"
}

slurm_node() {
    mkdir -p "$1/spool-$2"
    slurmd -N "$2"
}

slurm_up() {
    local folder="$1" port=$((20000 + RANDOM % 10000)) node until
    mkdir -p "$folder/state" "$folder/log" "$folder/munge"
    chmod 711 "$folder" "$folder/munge"
    head -c 1024 /dev/urandom >"$folder/munge/key"
    chmod 400 "$folder/munge/key"
    slurm_conf "$folder" "$port" >"$folder/slurm.conf"
    export SLURM_CONF="$folder/slurm.conf"
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
        --log-file="$folder/log/munged" --seed-file="$folder/munge/seed" --num-threads=2 2>>"$folder/log/munged.err"
    slurmctld
    for node in $(seq "$SLURM_NODES"); do
        slurm_node "$folder" "n$node"
    done
    until=$((SECONDS + 60))
    while [ "$(sinfo -h -N -p batch -t idle -o %N 2>/dev/null | sort -u | wc -l)" != "$SLURM_NODES" ]; do
        [ "$SECONDS" -lt "$until" ] || { echo "SLURM does not come up: $folder/log" >&2; return 1; }
        sleep 0.2
    done
}

slurm_down() {
    local folder="$1" file pid
    SLURM_CONF="$folder/slurm.conf" scancel --full --user="$(id -un)" 2>/dev/null || true
    for file in "$folder"/slurmd-*.pid "$folder/slurmctld.pid" "$folder/munge/pid"; do
        [ -s "$file" ] || continue
        pid="$(cat "$file")"
        kill "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -9 "$pid" 2>/dev/null || true
    done
}
