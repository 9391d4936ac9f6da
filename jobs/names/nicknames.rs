//! Given names and their short forms, as plain data. Deliberately small: a missing name only means a missed match.
//!
//! Names are folded (lower case, no accents). A short form may belong to several names (`alex`, `sasha`): two names are
//! alike if a line has both.

/// Short forms and spellings of one given name. Translations (`john`, `ivan`) are other names.
const FORMS: &[&str] = &[
    "abigail abby abbie",
    "aleksandr alexander alexandr aleksander alex sasha alec xander",
    "alexandra aleksandra alex sasha alexa sandra",
    "alfred alf freddie",
    "andrew andy drew",
    "andreas andy andi",
    "andrei andrey",
    "anthony antony tony",
    "antonio toni",
    "barbara barb babs",
    "benjamin ben benny benji",
    "catherine katherine kathryn kate katie kathy cathy kat",
    "katharina kathi kat",
    "ekaterina katya",
    "charles charlie chuck",
    "christina tina chris chrissy",
    "christine chris chrissy tina",
    "kristina kris tina",
    "christopher kristopher chris kris",
    "christoph chris",
    "daniel dan danny",
    "daniil danylo",
    "david dave davey",
    "deborah debra deb debbie",
    "dmitry dmitri dmitrii dmitriy dmytro dima",
    "dominic dominik dom",
    "donald don donnie",
    "dorothy dot dottie",
    "edward ed eddie ted teddy ned",
    "elizabeth elisabeth liz lizzie beth betty eliza bess",
    "emily em emmy",
    "evgeny evgeni evgenii yevgeny yevhen zhenya",
    "eugene gene",
    "francis frank",
    "francisco fran paco",
    "frederick fred freddie",
    "friedrich fritz fred",
    "gabriel gabe gabi",
    "gerald gerry jerry",
    "gregory greg",
    "henry hank harry",
    "isabella isabel bella izzy",
    "jacob jake",
    "james jim jimmy jamie",
    "jennifer jen jenny jenn",
    "jessica jess jessie",
    "johannes hannes",
    "john johnny jack",
    "jonathan jonathon jon jonny johnny",
    "joseph joe joey",
    "joshua josh",
    "judith judy",
    "kenneth ken kenny",
    "lawrence laurence larry",
    "leonard leo len lenny",
    "leonardo leo",
    "louis lou",
    "margaret maggie meg peggy",
    "maria mariya masha",
    "martin marty",
    "matthew matt",
    "matthias matze",
    "maximilian max",
    "maxim maksim max",
    "michael mike mick mickey",
    "mikhail mikhael misha",
    "nathaniel nathan nate nat",
    "nathan nate",
    "nicholas nicolas nick nico",
    "nikolai nikolay nikolaj kolya",
    "oleksandr oleksander alex sasha",
    "olivia liv livvy",
    "pamela pam",
    "patricia pat patty trish tricia",
    "patrick pat paddy",
    "peter pete",
    "philip phillip phil",
    "rachel rach",
    "raymond ray",
    "rebecca becky becca",
    "richard rick rich ricky dick",
    "robert rob bob bobby robbie bert",
    "ronald ron ronnie",
    "samantha sam sammy",
    "samuel sam sammy",
    "sarah sara",
    "sergei sergey serhii serhiy",
    "stephen steven steve",
    "stephanie steph",
    "susan sue susie",
    "theodore ted theo teddy",
    "theresa teresa terry tess",
    "thomas tomas tom tommy",
    "timothy tim timmy",
    "valerie val",
    "victoria vicky tori",
    "victor viktor vic",
    "vincent vince vinnie",
    "vladimir vlad vova",
    "volodymyr vova",
    "william will bill billy liam willy",
    "yuri yury juri",
    "yulia yuliia",
    "zachary zach zack",
];

/// Given names too common to identify a person by themselves, in addition to all with short forms above.
const COMMON: &str = "aaron adam adrian ahmad ahmed alan albert alice amanda amy ana andrea angela ann anna anne annie \
    ali brian bruce carla carmen carol caroline cheng claire daniela diana diego donna elena ella emma eric erik \
    erika eva fatima felix florian fernando hannah heather helen ibrahim irene jane janet jason javier jeff jeffrey \
    jeremy jordan joyce juan julian justin karen karin kelly kevin kim laura lauren lee lena leon linda lucas luca \
    lukas luke manu manuel marc marcel marco marcos marcus mario marius mark markus marek megan melissa mohamed \
    mohammed muhammad monika natalie natasha neil nina noah nora olga oliver omar oscar pedro philippa raj rafael \
    anton alejandro carlos karl carl eduard eric erich ernst franz georg george giovanni giuseppe greta guillaume hans \
    heinrich ian ivan jan jean johann jorge jose josef juan joao julie klaus lars lisa lorenz luigi luis margarita \
    marie mary marty matteo miguel michal michel mykola niko pablo paolo pavel pawel paul paulo pedro pierre piotr \
    pyotr petr philipp filip felipe ricardo roberto sally sandy stefan stephan stefano esteban sergio tomas wilhelm \
    ralf ralph raul roger rosa ruben ruth ryan scott sean sebastian shawn simon sofia sophia sophie tanja tanya \
    teresa tobias travis ursula vera walter wang wei wolfgang yan yang yusuf zhang li chen han max ray roy";

/// More given names, to recognize a word as one; they don't count as common here.
const GIVEN: &str = "abdul abdullah aditi aditya agnes agnieszka aiko aisha akira alicia alina aline alison allison alma amal \
    amelia amina amir amit ananya anastasia anders anika anita anja anjali anjuli ann-marie annette annika ansel antje \
    anuja april aria ariel arjun armando arthur arun asha ashley astrid audrey aurora axel ayesha ayse bashir beate beatriz \
    bernd bettina bianca birgit bjorn blessing bogdan brenda brigitte britta bruno bryan camila candice carina carolina \
    caroline cecilia celine chantal charlotte chiara chidi chiamaka christa christian claudia clara clemens colin connor \
    corinna cristina cynthia dagmar damian danielle danuta daria darius dawid denis denise derek devi dieter dimitri \
    dirk dolores dominique dorota doris duncan dylan ebony edith eduardo edwin eileen eleanor elias elif elin elisa elise \
    eliana elke ellen elsa emilia emilie emma emre enrique ernesto esra ester esther etienne eugenia ewa fabian fabio \
    farah fatma felicia fernanda fiona flora florence franziska frida frieda gaby gemma gerd gerhard giulia gloria gordon \
    grace graham guido gunter gustav hanna harald hassan heidi heike helena helga hector hiroshi holger hugo hussein ida \
    ilse ines inga ingrid ioana irina iris isaac ismail ivana iwona jacqueline jamal jana janina jasmin jasmine jelena \
    jens jeremiah joachim joanna jochen johanna johan jonas jordi jorg jorge josefine judit juliana julia juliane juliet \
    juliette jurgen jutta kai kamal kamala karim karina karol karolina katarina katrin katja kavita keiko kemal kenji \
    kerstin khadija kiran kirsten klara konrad krishna kristin krzysztof kumar lara larisa latoya leila leyla lea leif \
    leonie leticia lidia lilian liliana lilly lina linnea lorena lotte louise luca lucia lucy ludmila luisa lukasz \
    lydia maciej madeleine magda magdalena magnus mahmoud maja malik malin manfred manuela mara marcin mareike margit \
    marianne mariam marina marion marisa marlene marta martha martina mathilde maya mehmet mei meike melanie mercedes \
    meera mia michele michelle mila milan milena minh mirela miriam mirjam mohan mona monica morgan mustafa nadia nadine \
    naomi nadja nasser natalia nathalie neha nele nicola nicole nikita nils nisha noemi noor nuria ola oksana olaf ole \
    omer orla osman otto pascal patricio paula paulina pauline per petra phoebe piet pietro priya rahul rajesh ramesh \
    ramon ravi rebekka regina reinhard renate renata rene riccardo rita rohan roland roman rosalie rosemary roxana \
    sabine sabrina salma salim sandeep sandra sanjay santiago sara sarita sascha selin selma serena shannon sheila \
    shirin silke silvia simone sigrid sina sinan snezana sofie sonja soren stacy stella svenja sven svetlana swati \
    sylvia tamara tara tariq tatiana tatjana thea thorsten tiago tobi tomasz tomek torsten tracy trevor udo ulf ulrich \
    ulrike uta uwe valentin valentina valeria vanessa veronica veronika vicente vijay vikram viola violet vivian \
    waldemar werner wiebke wiktor winston xavier yara yasmin yolanda yuki yuko yvonne yvette zahra zara zeynep zoe \
    zofia zora zuzanna zuzana ali анна мария иван елена ольга сергеи андреи дмитрии наталья ирина татьяна алексеи михаил";

/// Whether a word is a known given name, common or not.
pub(crate) fn is_given(word: &str) -> bool {
    is_common(word) || GIVEN.split_whitespace().any(|name| name == word)
}

/// Whether one is a form of the other, or both are forms of one name.
pub(crate) fn alike(one: &str, other: &str) -> bool {
    let has = |line: &str, name: &str| line.split(' ').any(|form| form == name);
    one == other || FORMS.iter().any(|line| has(line, one) && has(line, other))
}

/// Whether a given name is so common that it needs a surname to identify someone.
pub(crate) fn is_common(name: &str) -> bool {
    let has = |line: &str| line.split_whitespace().any(|form| form == name);
    has(COMMON) || FORMS.iter().any(|line| has(line))
}
