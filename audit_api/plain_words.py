"""Words of every day that are names as well. In small letters they are most likely no name."""

PLAIN_WORDS = frozenset(
    """
    a al am an and any are art as ash at ban be been bell bells bill bin birch bird bishop black block
    bloom blue bond book booth bow bowling box boy bright brook brooks brown bush but butcher by can carry
    case castle chance chapel charity chase cheer china chip chuck church clay cliff close cloud coal cook
    corner cotton cow crane cross crystal daisy dale darling dawn day de dean dear del den der do dove
    drake drew du duck duke eagle earl early east ebony el even ever faith field fields finch flint flower
    ford forest fox frank free french frost game gay gene german giant glad good grace grant gray green
    grey grove guy hall hand happy hardy harp harsh has have hay he head heart heath hill hills his hollow
    home honey hood hook hope house how hunt hunter hurt i if in is it ivy jade jet jewel joke joy judge
    just keen key kind king kit knight know la lake lamb lance land lane lark last law lay le let lime
    little long lord love low luck man many mark marsh may me mercy mere merry mile miles mill mills mist
    moon more moss most mouse much my neat new news nick night no noble noon north not now nurse oak of oh
    old olive on one or orange our out page palm park parks pat patience peace peach peacock pearl penny
    pepper pink plant poet pole pond pool poor poppy post power precious price pride prince prior proud
    purple quick quiet rain rains read red reed rich ring rise river rivers rob robin rock rod root rose
    round row rush sage sailor sand sands say school see self seven shade sharp she shell shore short sing
    singer sky slack small smart snow so some son sons spark spring st star stark stay steel stone storm
    story street strong such sue summer summers sun sunny swan sweet swift tall tan temple than the them
    then thing thorn time to too tower town tree true twin two up us vale van very von wall walls want
    ward warden was water waters way we well wells west what wheel when white who will win winter winters
    wise wish with wolf wood woods work worth would wren yes you young
    """.split()  # noqa: SIM905  # as a list it would be three hundred lines
)
