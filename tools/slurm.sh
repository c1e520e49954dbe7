#!/bin/sh
# A Slurm of one node for tests: its daemons listen on 127.0.0.1 in a network namespace of their own, and keep all their
# files in one folder. Needs root, and Debian's slurm-wlm, munge, iproute2.
#
#   tools/slurm.sh start DIR [LINE ...]    lines that are added to slurm.conf, such as MaxArraySize=5
#   tools/slurm.sh in DIR COMMAND ...      runs a command where that Slurm is
#   tools/slurm.sh node DIR                starts the node's daemon (again)
#   tools/slurm.sh stop DIR                ends it all
set -eu
verb=$1
dir=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2

inside() {
    sh "$0" in "$dir" "$@"
}

node() {
    inside slurmd -N localhost >>"$dir/slurmd.out" 2>&1
}

start() {
    mkdir -p "$dir/state" "$dir/spool"
    # The namespace lives as long as this process.
    setsid unshare --net -- sh -c 'ip link set lo up && ip addr add 10.99.0.1/24 dev lo && exec sleep 100000' \
        </dev/null >"$dir/namespace.out" 2>&1 &
    echo $! >"$dir/namespace.pid"
    cores=$(getconf _NPROCESSORS_ONLN)
    cat >"$dir/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
CommunicationParameters=NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
KillWait=10
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2
NodeName=localhost NodeHostname=localhost NodeAddr=127.0.0.1 CPUs=$cores
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    for line in "$@"; do echo "$line" >>"$dir/slurm.conf"; done
    dd if=/dev/urandom of="$dir/munge.key" bs=128 count=1 2>/dev/null
    chmod 600 "$dir/munge.key"
    for _ in 1 2 3 4 5 6 7 8 9 10; do # until lo is up
        inside ip -o addr show dev lo 2>/dev/null | grep -q 10.99.0.1 && break
        sleep 0.2
    done
    inside munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
        --seed-file="$dir/munge.seed" --log-file="$dir/munged.log" >"$dir/munged.out" 2>&1
    inside slurmctld >"$dir/slurmctld.out" 2>&1
    node
    for _ in $(seq 50); do
        inside sinfo --noheader --format %t 2>/dev/null | grep -q idle && return
        sleep 0.2
    done
    echo "Slurm did not start: see $dir/slurmctld.log and $dir/slurmd.log" >&2
    exit 1
}

stop() {
    for name in slurmd slurmctld munged namespace; do # the namespace last: the others are in it
        if [ -f "$dir/$name.pid" ]; then
            pid=$(cat "$dir/$name.pid")
            kill "$pid" 2>/dev/null || true
            for _ in $(seq 100); do # it may still write to its folder
                kill -0 "$pid" 2>/dev/null || break
                sleep 0.1
            done
        fi
    done
}

case $verb in
start) start "$@" ;;
in) # in place of this shell, so that a signal to it reaches the command
    SLURM_CONF="$dir/slurm.conf" exec nsenter --target "$(cat "$dir/namespace.pid")" --net -- "$@"
    ;;
node) node ;;
stop) stop ;;
*)
    echo "tools/slurm.sh start|in|node|stop DIR ..." >&2
    exit 2
    ;;
esac
