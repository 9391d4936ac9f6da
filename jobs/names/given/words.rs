//! The words around given names, as normalized by [`super::key`]: lower case, no accents, no dots.

/// Titles before a name.
pub(super) const TITLES: &str = "the \
    dr prof professor professorin mr mister mrs ms miss mx sir dame lady lord rev reverend therev pd privdoz \
    univprof aoprof drmed drphil drjur dring drrernat drhc drin dra dott dottssa dottoressa dottore avv avvocato \
    signor signora signorina sigra senor senora senorita sra srta monsieur madame mademoiselle mme mlle maitre herr \
    frau fru froken dhr mevr mevrouw meneer dipling diplkfm diplpsych diplkffr dipl mudr judr rndr phdr mgr inz arq \
    shri sri smt capt captain colonel lt general sgt maj major cmdr adm father pastor rabbi imam sheikh shaikh \
    ustadh haji hajji datuk dato coach judge г-н гн госпожа господин гжа доктор кириос κ κος κα δρ khun คุณ د السيد \
    السيدة";

/// Titles only with a dot or in capitals: otherwise they may be names (`Mag. Eva Huber`, `Ing Marie`).
pub(super) const DOTTED_TITLES: &str =
    "di ing mag maga ir fr hr gen hon sen sig lic eng bc sr col pan pani the kum drs";

/// Fields after a doctor's or professor's title, which are names elsewhere (`Dr. phil.`, `Phil`).
pub(super) const FIELDS: &str = "med phil jur rer nat rernat pol oec habil dent vet theol hc";

/// Words after a name that can't be anything but credentials.
pub(super) const CREDENTIALS: &str = "\
    phd dphil md mba emba msc bsc mphil mph mha mpa mfa bfa llb llm jd edd psyd dba dds dmd rn lcsw lmft lmhc lpc \
    msw bsw cpa cfa cfp pmp pmiacp csm cspo esq icf acc pcc mcc actc cpcc cplc pcac bcc nbchwc nbhwc emcc ecpc cpc \
    orscc cec cecc acsth actp shrmcp shrmscp sphr phr gphr leed frsa obe mbe cbe kbe kcmg faan facp fache frcp frcs \
    mrcp ceo cto cfo coo cmo cio chro cpo svp evp vp jr sr snr jnr junior senior ii iii iv csc drsc dsc beng meng \
    bed med mdiv dmin llc rcc rpsych cpsychol bacp ukcp hcpc mag dipl lic ret retd fils filho neto acmcc mcpcc ias \
    phdc";

/// Words after a name that are credentials only in capitals or with dots: otherwise they may be names.
pub(super) const SOMETIMES_CREDENTIALS: &str = "\
    ma ba bs ms do np pa pe ra mp qc kc v ed mep hr cc cpl ca edm am ab sm";

/// Small words that belong to a family name.
pub(super) const PARTICLES: &str = "\
    van von der den de del della dello di da dos das do du des la le les las los el al ul ten ter te zu zum zur vom \
    af av bin ibn bint st saint san santa mac mc o y e d l t op in het vander vanden vande auf und";

/// Words that start a given name but aren't one by themselves, or that abbreviate one in writing.
pub(super) const NOT_ALONE: &str = "\
    abd abdul abdel abdal abdur abu abou umm md mohd muhd mst sk عبد ابو أبو thi dona client coach speaker guest unknown \
    user nn na none test info team office";

/// Words of companies and groups.
pub(super) const COMPANIES: &str = "\
    gmbh mbh ag kg ohg gbr ug ev inc ltd limited llc llp plc corp corporation company co sarl sas sasu bv nv oy oyj \
    aps spa srl kft zrt sro pty foundation stiftung university universitat team group gruppe consulting coaching \
    gesellschaft verein institute institut office support services solutions bank holding partners associates \
    agency studio labs systems technologies school hospital department abteilung gmbhcokg ооо оао зао 株式会社 公司";

/// Endings of Russian and Ukrainian family names.
pub(super) const RUSSIAN_FAMILIES: &str = "\
    ов ова ев ева ёв ёва ин ина ский ская цкий цкая енко чук";

/// Family names from countries where the family name comes first (Vietnam; China, in the spellings of the mainland,
/// Hong Kong and Taiwan; Korea; Japan; Hungary), without accents. A name that starts with one may be in either order.
pub(super) const FAMILY_FIRST: &str = "\
    nguyen tran le pham huynh hoang phan vu vo dang bui do ho ngo duong ly truong dinh lam mai trinh dao doan vuong \
    luong thai tong quach kieu chau wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma \
    luo liang song zheng xie han tang feng yu dong xiao cheng cao yuan deng fu shen zeng peng lu lv su jiang cai \
    jia ding wei xue ye yan pan du dai xia zhong tian ren fan fang shi yao tan liao zou xiong jin hao kong bai cui \
    kang mao qiu qin gu hou shao meng wan duan qian yin yi chang qiao lai gong wen ouyang sima zhuge chan wong \
    cheung lau leung ng kwok tse yip chow chiu yeung tsang fung mak lo siu tam poon hui lui kwan chu hsu hsieh tsai \
    tseng chou chao kuo teo goh ong koh lim kim lee park pak choi jung jeong chung cho yoon yun jang oh seo shin \
    kwon hwang ahn ryu yoo hong moon bae baek nam noh roh ha kwak sung cha joo woo koo min na ji byun eom chae heo \
    hur im rhee tanaka suzuki sato satoh takahashi watanabe ito itoh yamamoto nakamura kobayashi kato katoh yoshida \
    yamada sasaki yamaguchi matsumoto inoue kimura hayashi shimizu yamazaki mori abe ikeda hashimoto ishikawa ogawa \
    goto okada hasegawa murakami kondo ishii saito saitoh sakamoto endo aoki fujii nishimura fukuda ota ohta miura \
    fujiwara okamoto matsuda nakagawa nakano harada ono ohno tamura takeuchi kaneko wada nakayama ishida ueda \
    morita hara shibata sakai kudo yokoyama miyazaki miyamoto uchida takagi ando taniguchi maruyama imai takada \
    fujimoto takeda murata ueno sugiyama masuda sugawara hirano kojima otsuka chiba kubo matsui iwasaki mizuno \
    kawasaki noguchi arai kikuchi nomura honda toyoda oshima maeda nakajima yano nagy kovacs toth szabo horvath \
    varga kiss molnar nemeth farkas balogh papp takacs juhasz lakatos meszaros olah racz fekete szilagyi torok \
    feher gal kis szucs kocsis orsos pinter fodor szalai szalay sipos magyar gulyas biro kiraly katona fazekas \
    jakab bogdan boros somogyi szekely hegedus vincze bodnar halasz nemes";

/// Whether a list contains a word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}
