//! Given names and their short forms, as plain data. Small on purpose: a name that is not here is only not found.
//!
//! Names are folded (lower case, no accents). A short form may belong to several names (`alex`, `sasha`): two names
//! are alike when a line holds both.

/// Forms of one given name.
const FORMS: &[&str] = &[
    "abigail abby abbie",
    "aleksandr alexander alexandr alex sasha sascha alec xander sandy aleksander alejandro",
    "alexandra alex sasha alexa sandra aleksandra alejandra",
    "alfred alf freddie fred",
    "andrew andy drew andrei andrey andreas",
    "anthony antony tony anton antonio toni",
    "barbara barb babs",
    "benjamin ben benny benji",
    "catherine katherine kathryn katharina kate katie kathy cathy kat ekaterina katya katarina",
    "charles charlie chuck karl carl carlos",
    "christina kristina christine tina chris chrissy kirsten",
    "christopher chris kris christoph kit cristobal",
    "daniel dan danny daniil danylo",
    "david dave davey",
    "deborah debra deb debbie",
    "dmitry dmitri dmitrii dmytro dima",
    "dominic dominik dom",
    "donald don donnie",
    "dorothy dot dottie",
    "edward ed eddie ted teddy ned eduard",
    "elizabeth elisabeth liz lizzie beth betty eliza lisa elsa bess",
    "emily em emmy",
    "evgeny evgeni yevgeny yevhen zhenya eugene gene",
    "francis frank francisco fran paco franz",
    "frederick fred freddie friedrich frederic",
    "gabriel gabe gabi",
    "george jorge georg georgi yuri yury juri",
    "gerald gerry jerry",
    "gregory greg gregor grigory",
    "henry hank harry heinrich henri",
    "isabella isabel bella izzy",
    "jacob jake jakob",
    "james jim jimmy jamie",
    "jennifer jen jenny jenn",
    "jessica jess jessie",
    "johann john johannes hans jon johnny jack ivan jan ian juan joao giovanni jean",
    "jonathan jon jonny johnny jonathon",
    "joseph joe joey josef jose giuseppe",
    "joshua josh",
    "judith judy",
    "julia julie giulia yulia",
    "kenneth ken kenny",
    "lawrence laurence larry lars lorenz",
    "leonard leo len lenny leonardo",
    "louis lewis luis lou luigi ludwig",
    "margaret maggie meg peggy greta margarita",
    "maria mary marie mariya masha",
    "martin marty martyn",
    "matthew matt matthias matteo mateo",
    "maximilian max maxim maksim",
    "michael mike mick mikhail mikael michal miguel michel mischa misha mickey",
    "nathaniel nathan nate nat",
    "nicholas nick nicolas nikolai nikolay nico niko klaus mykola",
    "olivia liv livvy",
    "oleksandr alexander alex sasha aleksandr",
    "pamela pam",
    "patricia pat patty trish tricia",
    "patrick pat paddy patricio",
    "peter pete pyotr petr piotr pedro pierre",
    "philip phillip phil felipe filip philipp",
    "pawel paul pablo paolo pavel paulo",
    "rachel rach",
    "raymond ray",
    "rebecca becky becca",
    "richard rick rich ricky dick ricardo riccardo",
    "robert rob bob bobby robbie bert roberto",
    "ronald ron ronnie",
    "samantha sam sammy",
    "samuel sam sammy",
    "sarah sara sally",
    "sergei sergey serhii serge sergio",
    "stephen steven steve stefan stephan stefano esteban",
    "stephanie steph stefanie",
    "susan sue susie suzanne susanne",
    "theodore ted theo teddy",
    "theresa teresa terry tess",
    "thomas tom tommy tomas",
    "timothy tim timmy",
    "valerie val",
    "victoria vicky tori vic",
    "victor vic viktor",
    "vincent vince vinnie",
    "vladimir vlad volodymyr vova",
    "william will bill billy liam willy wilhelm guillaume guillermo",
    "yuliia julia yulia",
    "zachary zach zack",
];

/// Given names so common that one alone tells nobody from a namesake, beside all that have short forms above.
const COMMON: &str = "aaron adam adrian ahmad ahmed alan albert alice amanda amy ana andrea angela ann anna anne annie \
    ali brian bruce carla carmen carol caroline cheng claire daniela diana diego donna elena ella emma eric erik \
    erika eva fatima felix florian fernando hannah heather helen ibrahim irene jane janet jason javier jeff jeffrey \
    jeremy jordan joyce juan julian justin karen karin kelly kevin kim laura lauren lee lena leon linda lucas luca \
    lukas luke manu manuel marc marcel marco marcos marcus mario marius mark markus marek megan melissa mohamed \
    mohammed muhammad monika natalie natasha neil nina noah nora olga oliver omar oscar pedro philippa raj rafael \
    ralf ralph raul roger rosa ruben ruth ryan scott sean sebastian shawn simon sofia sophia sophie tanja tanya \
    teresa tobias travis ursula vera walter wang wei wolfgang yan yang yusuf zhang li chen han max ray roy";

/// Whether one is a form of the other, or both are forms of one name.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let has = |line: &str, name: &str| line.split(' ').any(|form| form == name);
    one == other || FORMS.iter().any(|line| has(line, one) && has(line, other))
}

/// Whether this given name is so common that it needs a surname to mean somebody.
pub(super) fn is_common(name: &str) -> bool {
    let has = |line: &str| line.split_whitespace().any(|form| form == name);
    has(COMMON) || FORMS.iter().any(|line| has(line))
}
