"""What each finding of the doctor means, why it matters, and what to do: read by people under pressure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from schoolgate.finding import Finding


@dataclass(frozen=True, slots=True)
class Words:
    means: str
    why: str
    do: str


_REFUSED = "schoolgate changes verify tells what contradicts what."

WORDS: Mapping[str, Words] = {
    "python": Words(
        "The Python that runs Schoolgate.",
        "Older ones lack what Schoolgate is written with, and are not tested.",
        "Install Python 3.12 or newer and make the virtual environment anew.",
    ),
    "mitmproxy": Words(
        "The library that reads the traffic.",
        "Another version behaves otherwise where it matters: the gate refuses to start on it.",
        "Install the pinned requirements: pip install -r requirements.lock.",
    ),
    "mitmproxy files": Words(
        "Option files of mitmproxy that lie where it would read them.",
        "Started by hand with them, it could pass traffic by unfiltered. The gate itself reads none.",
        "Delete them, unless you know whose they are and what for.",
    ),
    "sqlite": Words(
        "The library that keeps the database, if it is SQLite.",
        "Old ones can lose data in one journal mode; Schoolgate then uses a slower one.",
        "Nothing, or install pysqlite3 for speed.",
    ),
    "clock": Words(
        "What time this machine has.",
        "Timetables, unblocks, sessions and every record hang on it.",
        "Turn on NTP: timedatectl set-ntp true.",
    ),
    "clock and records": Words(
        "Whether the newest record is later than the clock.",
        "Then the clock was set back: what is recorded now would stand before what was recorded already.",
        "Set the clock right, and turn on NTP.",
    ),
    "time zone": Words(
        "Whether this machine knows the school's time zone.",
        "Without it the timetable cannot be read, and nothing would open.",
        "Install the package tzdata, by pip or by the system.",
    ),
    "settings": Words(
        "Whether config/school.yaml and the SCHOOLGATE_ variables are understood.",
        "What is not understood is refused whole, so that a slip of the pen is no default.",
        "Mend each line that is named.",
    ),
    "user": Words(
        "As whom Schoolgate runs.",
        "What breaks out of a program that runs as root has the machine.",
        "Run it as a user of its own, as in the service file of docs/technician.md.",
    ),
    "umask": Words(
        "Who may change files that are made from now on.",
        "Records that anybody may change prove less.",
        "Set UMask=0077 in the service file (docs/technician.md).",
    ),
    "open files": Words(
        "How many files and connections one process may have.",
        "Each pupil's connection takes two: at the limit nobody gets in any more.",
        "Set LimitNOFILE=65536 in the service file (docs/technician.md).",
    ),
    "state": Words(
        "Where everything lies that must not be lost, and who may look in.",
        "Its keys sign the change log and every site's certificate.",
        "chmod 700 the folder and chmod 600 the files named; schoolgate init where it is missing.",
    ),
    "state files": Words(
        "Files of the state folder that anybody on this machine may change.",
        "Records and keys must be changed by Schoolgate alone.",
        "chmod o-w each of them, and find out how they came to be so.",
    ),
    "disk": Words(
        "How much room there is.",
        "Where nothing can be recorded, nothing is let by.",
        "Make room, or move the state folder to a larger disk.",
    ),
    "ca": Words(
        "The school's certificate authority, that all devices trust, and its key.",
        "When it ends or is another one, every site fails on every device; without its key no gate starts.",
        'Missing or changed: put var/ca back from the backup. Near its end: docs/technician.md, "When the '
        'authority nears its end".',
    ),
    "ca key": Words(
        "Who may read the key of that authority.",
        "Whoever has it can read all that the school's devices send.",
        "chmod 600 it. If somebody else could read it, make a new authority and hand it out.",
    ),
    "signing key": Words(
        "The key that signs the change log.",
        "Without it nothing can be changed and no api starts; what another one signs reaches no gate.",
        "Put keys/change-log.key in the state folder back from the backup, and start the api again.",
    ),
    "console certificate": Words(
        "The certificate by which browsers know the console, and its key.",
        "Damaged, the console does not start; with a key that others read, they could pose as it.",
        "Restart the gate (schoolgate run): an unfit one is made anew. Find out who changed it.",
    ),
    "proxy port": Words(
        "Whether the gate's port is free, or taken by our gate, which proves that it is.",
        "Where another program has it, no gate can start, and devices ask that program.",
        "Find it with ss -ltnp and stop it, or choose another proxy_port; then restart Schoolgate.",
    ),
    "api port": Words(
        "Whether the console's port is free, or taken by us.",
        "Where another program has it, there is no console.",
        "Stop that program, or choose another api_port.",
    ),
    "proxy": Words(
        "From where the gate can be reached.",
        "On every address it may answer to the whole internet: only passwords keep strangers out.",
        "Let the firewall pass its port from the school's networks alone, or name one address as proxy_host.",
    ),
    "console": Words(
        "From where the console can be reached, and whether in the clear.",
        "Over plain HTTP anybody on the network reads passwords and what children browsed.",
        "Leave api_host on this machine, or let it serve TLS (https in console_url).",
    ),
    "front ends": Words(
        "Whose X-Forwarded-For is believed.",
        "Whoever may write it may guess at passwords from as many addresses as they like.",
        "Name only proxies of your own that write it themselves; best of all on this machine.",
    ),
    "egress": Words(
        "Which servers inside the school the gate may reach.",
        "Through them a pupil may come to where machines are run. What is ours is refused always.",
        "Take out of egress.allow what pupils do not need; a change to the policy, agreed by two.",
    ),
    "mail": Words(
        "Whether people can be told by mail.",
        "Checkpoints and alarms then reach people even when nobody looks at the console.",
        "Set mail_host and mail_from; doctor --mail tries them.",
    ),
    "gate": Words(
        "Whether the gate of this machine blocks what must be blocked, asked for just now.",
        "A gate that answers and does not filter is worse than none.",
        "Restart it (schoolgate run); if it stays so, take it off the network and look at its log.",
    ),
    "pac file": Words(
        "Where /proxy.pac, the automatic address, leads devices.",
        "A device that is led to itself finds no proxy: it browses nothing, or past the filter.",
        "Set proxy_name to what devices call the proxy; until then the file is not handed out.",
    ),
    "database": Words(
        "Whether the database answers.",
        "Without it nothing can be changed or looked up; browsing goes on as it was.",
        "Start the database, or look at database_url.",
    ),
    "tables and guards": Words(
        "Whether the database has the tables and the guards (triggers) that this version made in it.",
        "The guards keep the logs from being changed. They do not vanish by themselves.",
        "Find out who did it, read schoolgate changes verify, and put the database back from the backup.",
    ),
    "change log": Words(
        "Whether the change log is as it was sealed, and agrees with what is in force.",
        "Where it breaks, somebody has changed what was recorded, or what runs, past Schoolgate.",
        "Tell the governors. Keep a copy of the database, then put it back from the backup.",
    ),
    "floor": Words(
        "Whether the database still holds all of the change log that this server has seen.",
        "Whoever owns the database could put an older one there, without the second factors of today.",
        'Did you put a backup back? Then docs/technician.md, "When the backup is older". If not, tell the '
        "governors: keep a copy of the database, find out who writes to it, and put the newest backup back.",
    ),
    "database role": Words(
        "What the role of database_url may do in PostgreSQL.",
        "A superuser can switch off what keeps the records from being changed.",
        "Make a role that owns its own database and no more: docs/technician.md.",
    ),
    "size": Words(
        "How much the database holds.",
        "SQLite grows slow past a few million rows.",
        "Move to PostgreSQL, as docs/technician.md tells.",
    ),
    "records set aside": Words(
        "Records that are whole and could not become rows.",
        "They are kept, but no search finds them.",
        "schoolgate log damage shows them.",
    ),
    "retention": Words(
        "Whether rows are removed when their time is over.",
        "Keeping what the policy says to remove breaks the promise that was made to families.",
        "Look at what schoolgate log retention says.",
    ),
    "journal damage": Words(
        "Places in the journal that are not what was written.",
        "The recorder waits there, so newer records are not stored.",
        "schoolgate log damage, then schoolgate log release.",
    ),
    "recorder": Words(
        "When the recorder, which stores what the gates write, was last heard of.",
        "While it is silent no search, report or alarm knows of what happens; the journal fills the disk.",
        "Start it (schoolgate run, or the service), and look at its log.",
    ),
    "journal": Words(
        "How much waits to be stored.",
        "What waits is safe, but shows in no search.",
        "Look whether the recorder runs and the database answers.",
    ),
    "journal disk": Words(
        "For how long there is room were nothing stored.",
        "A full disk shuts the gate.",
        "Make room, or mend what keeps the recorder from storing.",
    ),
    "policy": Words(
        "What the gates decide by.",
        "Without one nothing is let by.",
        "Start the api once: it publishes what two people agreed on.",
    ),
    "proof": Words(
        "Whether the change log proves that two people agreed on what runs.",
        "What nothing proves reaches no gate.",
        _REFUSED,
    ),
    "places of help": Words(
        "Whether every place of help that the policy names is reached by everybody.",
        "A page of a list of illegal content below one shuts it again for whoever has not signed in.",
        "Look at the list; or take the place out of safe_harbour, which two agree on.",
    ),
    "lists": Words(
        "How old the lists are.",
        "New sites of every kind appear each day, and old lists know none of them.",
        "schoolgate lists update; look at the address in lists.yaml where it fails.",
    ),
    "lists drift": Words(
        "Whether the lists on disk are those agreed on.",
        "What is on disk and not agreed on filters nobody.",
        "schoolgate lists build, then schoolgate lists propose; or put the file back.",
    ),
    "drift": Words(
        "Whether policy.yaml is what is in force.",
        "Whoever reads the file would be told the wrong thing.",
        "schoolgate policy propose, or put the file back.",
    ),
    "illegal content": Words(
        "Whether licensed lists of illegal content are installed.",
        "Schools must block what the IWF and the police list (D10), here or at their provider.",
        "Ask your provider; if it does not, apply for the lists: docs/illegal-content.md.",
    ),
    "checkpoints": Words(
        "Whether signed checkpoints of the change log leave this server.",
        "They prove that nobody changed the log afterwards, but only where they are kept elsewhere.",
        "Name a folder on another machine as checkpoints, and see that it is mounted.",
    ),
    "two approvers": Words(
        "Whether there are two people who may agree to changes.",
        "Nothing can be opened by one alone; with one ill, nothing at all.",
        "Let both enrol; propose a third.",
    ),
    "second factor": Words(
        "Who of them signs in with a password alone.",
        "One stolen password would be one of the two signatures.",
        "Each sets one up in the console; second_factor: approvers in the policy asks for it.",
    ),
    "safeguarding lead": Words(
        "Whether a coordinator, the safeguarding lead, is named (D1).",
        "The guidance asks for a named lead who answers for filtering and reads the reports.",
        "Propose one: schoolgate people propose.",
    ),
    "governor": Words(
        "Whether a governor is named who reads the logs (D1, A54).",
        "Governors answer for filtering and have to see for themselves.",
        "Propose one: schoolgate people propose.",
    ),
    "demo": Words(
        "Whether this is the state folder of the demo.",
        "Its passwords are public: anybody may sign in as a headteacher.",
        "Use another folder for the school, and delete this one.",
    ),
}
UNKNOWN = Words(
    "This check could not be made.", "What it would have found is not known.", "Mend what it names."
)


def words_of(check: str) -> Words:
    return WORDS.get(check, UNKNOWN)


def explained(finding: Finding) -> dict[str, object]:
    """For programs."""
    facts = {"check": finding.check, "fit": finding.fit, "warns": finding.warns, "says": finding.says}
    return {**facts, **asdict(words_of(finding.check))}


def as_told(finding: Finding) -> str:
    """A line; and three more where somebody has to do something about it."""
    line = f"{finding.word:<4}  {finding.check}: {finding.says}"
    if finding.fit and not finding.warns:
        return line
    words = words_of(finding.check)
    return "\n".join([line, *(f"      {each}" for each in (words.means, words.why, f"To do: {words.do}"))])
