"""What somebody may choose to see of the change log: the one table of its kinds of lines."""

# A choice that ends in a colon is all of that object. Every event falls under exactly one of those; the
# others are a part of one.
KINDS = (
    ("unblock:", "Sites for lessons"),
    ("policy:", "Policy"),
    ("lists:", "Lists"),
    ("people:", "People"),
    ("person:", "Enrolments and suspensions"),
    ("opening:", "Openings for a class"),
    ("filtering-log:", "Looks at the filtering log"),
    ("filtering-log:seal", "Hours of the filtering log, sealed"),
    ("illegal-list:", "Tries of lists of illegal content"),
    ("correction:", "Corrections of whom a row is about"),
    ("hold:", "Legal holds"),
    ("hold-release:", "Legal holds let go"),
    ("erasure:", "People erased"),
    ("change-text:", "Reasons and other texts erased"),
    ("person:access", "What is kept about somebody, taken out"),
    ("retention:", "Removed when its time was over"),
    ("journal:", "Damage of the journal"),
    ("password:", "Passwords"),
    ("second-factor:", "Second factors"),
    ("token:", "Tokens for programs"),
    ("change-log:", "Who saw and reviewed this log"),
    ("review:", "Looks at what one person did"),
    ("break-glass:", "The sealed envelope"),
    ("incident:", "Incidents"),
    ("incident-log:", "Reviews of incidents and changes together"),
    ("disclosure:", "A member of staff's log disclosed"),
    ("school:", "How the school was set up"),
)
