//! The making of a token: by an issuer, by one with odd habits, or by an attacker.

use dagward_forge::edit::{CLAIMS, Edit, HEADER, edit, edited};
use dagward_forge::jwt::{Algorithm, SigningKey};
use dagward_forge::slip::{Slip, slip};
use proptest::prelude::*;
use proptest::sample::select;

/// The refusals that the plugin must give to some of these tokens.
pub(super) const MET: [&str; 18] = [
    "token_algorithm",
    "token_audience",
    "token_base64url",
    "token_claims",
    "token_critical",
    "token_expired",
    "token_header",
    "token_issued_in_future",
    "token_issuer",
    "token_key_in_header",
    "token_key_mismatch",
    "token_key_unknown",
    "token_not_a_jwt",
    "token_not_yet_valid",
    "token_signature",
    "token_subject",
    "token_times",
    "token_unsigned",
];

/// An issuer, by the kind of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Issuer {
    /// Its keys are public.
    Public,
    /// Its keys are secrets.
    Secret,
}

/// The signer, with one key for each algorithm of [`ALGORITHMS`].
#[derive(Debug, Clone, Copy)]
enum Signer {
    /// The issuer that uses the algorithm.
    Issuer,
    /// An attacker, with the issuer's `kid`.
    Other,
    /// An attacker who uses the public half of the issuer's RSA key as a secret.
    Confused,
}

/// The algorithms with keys, and the weight of each.
const ALGORITHMS: [(u32, Algorithm); 7] = [
    (20, Algorithm::HS256),
    (20, Algorithm::HS512),
    (3, Algorithm::RS256),
    (1, Algorithm::PS256),
    (4, Algorithm::ES256),
    (2, Algorithm::ES384),
    (4, Algorithm::EdDSA),
];

/// All keys.
pub(super) struct Keys {
    issuers: Vec<SigningKey>,
    others: Vec<SigningKey>,
    confused: SigningKey,
}

/// A token without its times.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    signer: Signer,
    /// The number of the key that signs.
    key: usize,
    /// The number of the key whose `kid` it names.
    kid: usize,
    /// The number of the key whose `alg` it names.
    alg: usize,
    /// The issuer that it names, if that is not its signer's.
    issuer: Option<Issuer>,
    header: Vec<Edit<Member>>,
    claims: Vec<Edit<Member>>,
    slips: Vec<Slip>,
}

/// The value of a member.
#[derive(Debug, Clone)]
enum Member {
    Json(&'static str),
    /// This number of seconds from now.
    Time(i64),
    /// The same, with decimals.
    TimeAndAHalf(i64),
}

impl Issuer {
    /// The issuer's name in `iss`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Public => "https://public.example.com",
            Self::Secret => "https://secret.example.com",
        }
    }

    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Self::Secret,
            _ => Self::Public,
        }
    }
}

impl Keys {
    pub(super) fn generate() -> Self {
        let generate = || {
            ALGORITHMS
                .map(|(_, algorithm)| SigningKey::generate(algorithm).unwrap())
                .into()
        };
        let issuers: Vec<SigningKey> = generate();
        let public = issuers[2].public_der().unwrap();
        Self {
            issuers,
            others: generate(),
            confused: SigningKey::with_secret(Algorithm::HS256, &public).unwrap(),
        }
    }

    /// The keys of an issuer.
    pub(super) fn of(&self, issuer: Issuer) -> Vec<&SigningKey> {
        let numbered = self.issuers.iter().zip(ALGORITHMS);
        numbered
            .filter(|(_, (_, algorithm))| Issuer::of(*algorithm) == issuer)
            .map(|(key, _)| key)
            .collect()
    }
}

/// Seconds from now, far from the limits, where a few seconds more would change the result.
const TIMES: [i64; 6] = [-100_000, -200, -20, 20, 200, 100_000];

/// Values that some field accepts, and values that none does.
fn member() -> impl Strategy<Value = Member> {
    let texts = [
        r#""HS256""#,
        r#""hs256""#,
        r#""HS512""#,
        r#""RS256""#,
        r#""none""#,
        r#""NONE""#,
        r#""JWT""#,
        r#""at+jwt""#,
        r#""me""#,
        r#""""#,
        r#""airflow""#,
        r#"["airflow"]"#,
        r#"["x","other"]"#,
        r#"[["airflow"]]"#,
        r#"["airflow",1]"#,
        r#""air\u0066low""#,
        r#""https://public.example.com""#,
        r#""https://secret.example.com/""#,
        r#"["exp"]"#,
        "[]",
        "{}",
        "null",
        "true",
        "0",
        "-1",
        "1e400",
        "1e10",
        "1.5",
        "9223372036854775807",
        "18446744073709551616",
        "99999999999999999999999",
        r#""1800000600""#,
        r#"{"a":{"a":1}}"#,
        r#"{"a":1,"a":2}"#,
        r#""\ud800""#,
        "NaN",
        r#""\u0000""#,
        r#"{"kty":"oct","k":""}"#,
    ];
    prop_oneof![
        6 => select(texts.to_vec()).prop_map(Member::Json),
        3 => select(TIMES.to_vec()).prop_map(Member::Time),
        1 => select(TIMES.to_vec()).prop_map(Member::TimeAndAHalf),
    ]
}

/// Times for the claims that are times.
fn other_times() -> impl Strategy<Value = Vec<Edit<Member>>> {
    let time = (select(vec!["exp", "nbf", "iat"]), select(TIMES.to_vec()));
    let edit = time.prop_map(|(name, seconds)| Edit::Set(name, Member::Time(seconds)));
    prop::collection::vec(edit, 1..3)
}

/// Tokens of all kinds: some valid, some signed with another key, some changed before or after signing.
pub(super) fn recipe() -> impl Strategy<Value = Recipe> {
    let key = || {
        let numbers = ALGORITHMS.into_iter().enumerate();
        let weighted = numbers.map(|(number, (weight, _))| (weight, Just(number).boxed()));
        proptest::strategy::Union::new_weighted(weighted.collect())
    };
    let signer = prop_oneof![
        20 => Just(Signer::Issuer),
        3 => Just(Signer::Other),
        1 => Just(Signer::Confused),
    ];
    let named = || prop::option::weighted(0.06, key());
    let issuer = prop::option::weighted(0.06, select(vec![Issuer::Public, Issuer::Secret]));
    let header = prop_oneof![5 => Just(Vec::new()), 2 => prop::collection::vec(edit(&HEADER, member), 1..3)];
    let claims = prop_oneof![4 => Just(Vec::new()), 4 => prop::collection::vec(edit(&CLAIMS, member), 1..4), 1 => other_times()];
    // Bytes that a header can have.
    let byte = prop_oneof![0x21..0x7f_u8, select(b"AQw_-.=+/,".to_vec())];
    let slips = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(slip(byte), 1..4)];
    (signer, key(), named(), named(), issuer, header, claims, slips).prop_map(
        |(signer, key, kid, alg, issuer, header, claims, slips)| Recipe {
            signer,
            key,
            kid: kid.unwrap_or(key),
            alg: alg.unwrap_or(key),
            issuer,
            header,
            claims,
            slips,
        },
    )
}

impl Recipe {
    /// The token, made `now`.
    pub(super) fn token(&self, keys: &Keys, now: u64) -> String {
        let signer = match self.signer {
            Signer::Issuer => &keys.issuers[self.key],
            Signer::Other => &keys.others[self.key],
            Signer::Confused => &keys.confused,
        };
        let (_, own) = ALGORITHMS[self.key];
        let (_, named) = ALGORITHMS[self.alg];
        let header = [
            ("alg", format!(r#""{named:?}""#)),
            ("kid", format!(r#""{}""#, keys.issuers[self.kid].kid())),
            ("typ", r#""JWT""#.to_owned()),
        ];
        let issuer = self.issuer.unwrap_or(Issuer::of(own));
        let claims = [
            ("iss", format!(r#""{}""#, issuer.name())),
            ("aud", r#""airflow""#.to_owned()),
            ("sub", r#""me""#.to_owned()),
            ("iat", now.to_string()),
            ("exp", (now + 600).to_string()),
        ];
        let [header, claims] = [(&header[..], &self.header), (&claims[..], &self.claims)]
            .map(|(members, edits)| edited(members, edits, |member| member.text(now)));
        let token = signer.sign_raw(header.as_bytes(), claims.as_bytes()).unwrap();
        self.slips.iter().fold(token, |token, slip| slip.apply(token))
    }
}

impl Member {
    fn text(&self, now: u64) -> String {
        let then = |seconds: i64| now.saturating_add_signed(seconds);
        match self {
            Self::Json(text) => (*text).to_owned(),
            Self::Time(seconds) => then(*seconds).to_string(),
            Self::TimeAndAHalf(seconds) => format!("{}.5", then(*seconds)),
        }
    }
}
