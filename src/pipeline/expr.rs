//! Arithmetic over parameters: `"10**log_weight"`, `"2*weight_pyr + 1e-4"`.
//!
//! A small operator-precedence parser that emits a postfix program, so that neither evaluating nor dropping
//! an expression recurses. Precedences are Python's. No function is the platform's, so that a
//! value has the same bits on every machine.

use crate::network::{exp, pow};
use std::ops::Range;

/// Deepest nesting of parentheses, signs and powers.
const MAX_DEPTH: u32 = 64;
/// Longest expression (bytes).
const MAX_LENGTH: usize = 10_000;

/// A function of one argument.
type Function = (&'static str, fn(f64) -> f64);

const FUNCTIONS: [Function; 8] = [
    // libm's functions, not the platform's: values of a grid are part of a key.
    ("exp", exp),
    ("log", libm::log),
    ("log10", libm::log10),
    ("sqrt", libm::sqrt),
    ("abs", libm::fabs),
    ("floor", libm::floor),
    ("ceil", libm::ceil),
    ("round", libm::rint),
];

/// All names that an expression understands besides parameters.
pub(crate) const BUILT_IN_NAMES: [&str; 11] = [
    "exp", "log", "log10", "sqrt", "abs", "floor", "ceil", "round", "min", "max", "pi",
];

/// An arithmetic expression over numbered variables.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    program: Vec<Step>,
    text: String,
}

/// Expressions are equal where they do the same in the same order.
impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.program == other.program
    }
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Number(f64),
    Variable(usize),
    Negate,
    Binary(BinaryOperator),
    Call(usize),
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Step::Number(a), Step::Number(b)) => a.to_bits() == b.to_bits(),
            (Step::Variable(a), Step::Variable(b)) | (Step::Call(a), Step::Call(b)) => a == b,
            (Step::Negate, Step::Negate) => true,
            (Step::Binary(a), Step::Binary(b)) => a == b,
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum BinaryOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Min,
    Max,
}

/// Numbers a variable, or says in words (and with a help) why there is none of that name.
pub(crate) type Lookup<'l> = dyn FnMut(&str) -> Result<usize, (String, Option<String>)> + 'l;

/// What is wrong with an expression, and at which bytes of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExprError {
    pub(crate) message: String,
    pub(crate) at: Range<usize>,
    pub(crate) help: Option<String>,
}

impl Expr {
    /// Parses an expression.
    pub(crate) fn parse(text: &str, lookup: &mut Lookup<'_>) -> Result<Self, ExprError> {
        // Before the parser, which recurses.
        if text.len() > MAX_LENGTH {
            return Err(ExprError {
                message: format!("an expression may have at most {MAX_LENGTH} characters"),
                at: 0..text.len(),
                help: Some("split it with [derived]".to_owned()),
            });
        }
        let mut parser = Parser {
            tokens: tokenize(text)?,
            next: 0,
            end: text.len(),
            program: Vec::new(),
            lookup,
            depth: 0,
        };
        parser.expression(0)?;
        match parser.peek() {
            None => Ok(Self {
                program: parser.program,
                text: text.to_owned(),
            }),
            Some(token) => Err(parser.unexpected(token, "an operator or the end")),
        }
    }

    /// The text it was parsed from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Numbers of the variables it uses.
    pub(crate) fn variables(&self) -> impl Iterator<Item = usize> + '_ {
        self.program.iter().filter_map(|step| match step {
            Step::Variable(index) => Some(*index),
            _ => None,
        })
    }

    /// The variable that the expression consists of, if it is nothing but one.
    pub(crate) fn as_variable(&self) -> Option<usize> {
        match self.program.as_slice() {
            [Step::Variable(index)] => Some(*index),
            _ => None,
        }
    }

    /// The value; not finite where a variable is missing or the arithmetic has no result.
    pub(crate) fn evaluate(&self, variables: &[f64]) -> f64 {
        // A stack machine: an expression is read once, and evaluated at millions of points.
        let mut stack = Vec::with_capacity(8);
        for step in &self.program {
            match *step {
                Step::Number(value) => stack.push(value),
                Step::Variable(index) => {
                    // Only a file whose parameters could not be read has names that lead nowhere.
                    stack.push(variables.get(index).copied().unwrap_or(f64::NAN));
                }
                Step::Negate => {
                    if let Some(top) = stack.last_mut() {
                        *top = -*top;
                    }
                }
                Step::Call(function) => {
                    if let (Some(top), Some((_, f))) = (stack.last_mut(), FUNCTIONS.get(function)) {
                        *top = f(*top);
                    }
                }
                Step::Binary(operator) => {
                    // The right operand was pushed last.
                    if let (Some(b), Some(a)) = (stack.pop(), stack.pop()) {
                        stack.push(operator.apply(a, b));
                    }
                }
            }
        }
        stack.pop().unwrap_or(f64::NAN)
    }
}

impl BinaryOperator {
    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            BinaryOperator::Add => a + b,
            BinaryOperator::Subtract => a - b,
            BinaryOperator::Multiply => a * b,
            BinaryOperator::Divide => a / b,
            BinaryOperator::Power => pow(a, b),
            // Unlike f64::min, NaN in one argument makes the result NaN and so an error.
            BinaryOperator::Min if a.is_nan() || b.is_nan() => f64::NAN,
            BinaryOperator::Max if a.is_nan() || b.is_nan() => f64::NAN,
            BinaryOperator::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            BinaryOperator::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum TokenKind {
    Number(f64),
    Name(String),
    Symbol(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    kind: TokenKind,
    at: Range<usize>,
}

const SYMBOLS: [&str; 8] = ["**", "+", "-", "*", "/", "(", ")", ","];

fn tokenize(text: &str) -> Result<Vec<Token>, ExprError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else {
            break;
        };
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest.as_bytes());
            let value = rest
                .get(..length)
                .and_then(|digits| digits.parse::<f64>().ok());
            match value {
                Some(value) if value.is_finite() => (TokenKind::Number(value), length),
                _ => {
                    return Err(ExprError {
                        message: format!(
                            "`{}` is not a finite number",
                            &rest[..length.clamp(1, rest.len())]
                        ),
                        at: at..at + length.max(1),
                        help: None,
                    });
                }
            }
        } else if is_name_start(first) || first == '$' {
            // `$` marks words and flags elsewhere; here it does no harm.
            let dollar = usize::from(first == '$');
            let name: String = rest
                .chars()
                .skip(dollar)
                .take_while(|&c| is_name_start(c) || c.is_ascii_digit())
                .collect();
            let length = dollar + name.len();
            (TokenKind::Name(name), length)
        } else if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            (TokenKind::Symbol(symbol), symbol.len())
        } else {
            return Err(ExprError {
                message: format!("`{first}` means nothing in an expression"),
                at: at..at + first.len_utf8(),
                help: Some(match first {
                    '^' => "a power is written `**`".to_owned(),
                    '"' | '\'' => "write parameter names without quotes".to_owned(),
                    _ => "an expression has numbers, parameters, + - * / ** ( ) and functions"
                        .to_owned(),
                }),
            });
        };
        tokens.push(Token {
            kind,
            at: at..at + length,
        });
        at += length;
    }
    Ok(tokens)
}

fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Length of the number at the start: digits, a point, digits, an exponent.
fn number_length(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes
            .iter()
            .skip(from)
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    // `2e` is a number and a name, as a digit must follow.
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    length
}

struct Parser<'p, 'l> {
    tokens: Vec<Token>,
    next: usize,
    end: usize,
    program: Vec<Step>,
    lookup: &'p mut Lookup<'l>,
    depth: u32,
}

/// How strongly a sign holds its operand: less than a power, more than a product, as in Python.
const SIGN_STRENGTH: u8 = 5;

/// Operator with its left and right strength.
fn operator(symbol: &str) -> Option<(BinaryOperator, u8, u8)> {
    match symbol {
        "+" => Some((BinaryOperator::Add, 1, 2)),
        "-" => Some((BinaryOperator::Subtract, 1, 2)),
        "*" => Some((BinaryOperator::Multiply, 3, 4)),
        "/" => Some((BinaryOperator::Divide, 3, 4)),
        // Right to left, and before a sign on its left: -2**2 is -4, as in Python.
        "**" => Some((BinaryOperator::Power, 7, 6)),
        _ => None,
    }
}

impl Parser<'_, '_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.next).cloned()
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn unexpected(&self, token: Token, wanted: &str) -> ExprError {
        let (found, help) = match &token.kind {
            TokenKind::Number(_) => ("a number".to_owned(), None),
            TokenKind::Name(name) => (
                format!("`{name}`"),
                Some(format!("a product needs a sign: `*{name}`")),
            ),
            TokenKind::Symbol(symbol) => (format!("`{symbol}`"), None),
        };
        ExprError {
            message: format!("expected {wanted}, found {found}"),
            at: token.at,
            help: if wanted.starts_with("an operator") {
                help
            } else {
                None
            },
        }
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), ExprError> {
        match self.take() {
            Some(token) if token.kind == TokenKind::Symbol(symbol) => Ok(()),
            Some(token) => Err(self.unexpected(token, &format!("`{symbol}`"))),
            None => Err(self.ends_early(&format!("`{symbol}`"))),
        }
    }

    fn ends_early(&self, wanted: &str) -> ExprError {
        ExprError {
            message: if self.end == 0 {
                "the expression is empty".to_owned()
            } else {
                format!("the expression ends where {wanted} is expected")
            },
            at: self.end..self.end,
            help: None,
        }
    }

    fn expression(&mut self, weakest: u8) -> Result<(), ExprError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExprError {
                message: format!("the expression is nested more than {MAX_DEPTH} levels deep"),
                at: 0..self.end,
                help: Some("split it with [derived]".to_owned()),
            });
        }
        self.operand()?;
        while let Some(Token {
            kind: TokenKind::Symbol(symbol),
            ..
        }) = self.peek()
        {
            let Some((operator, left, right)) = operator(symbol) else {
                break;
            };
            // `left < weakest` leaves the operator to whoever called.
            if left < weakest {
                break;
            }
            self.next += 1;
            self.expression(right)?;
            self.program.push(Step::Binary(operator));
        }
        self.depth -= 1;
        Ok(())
    }

    fn operand(&mut self) -> Result<(), ExprError> {
        let Some(token) = self.take() else {
            return Err(self.ends_early("a value"));
        };
        match &token.kind {
            TokenKind::Number(value) => self.program.push(Step::Number(*value)),
            TokenKind::Symbol("-") => {
                self.expression(SIGN_STRENGTH)?;
                self.program.push(Step::Negate);
            }
            TokenKind::Symbol("+") => self.expression(SIGN_STRENGTH)?,
            TokenKind::Symbol("(") => {
                self.expression(0)?;
                self.expect(")")?;
            }
            TokenKind::Symbol(_) => return Err(self.unexpected(token, "a value")),
            TokenKind::Name(name) => return self.name(name, &token.at),
        }
        Ok(())
    }

    fn name(&mut self, name: &str, at: &Range<usize>) -> Result<(), ExprError> {
        let called = matches!(
            self.peek(),
            Some(Token {
                kind: TokenKind::Symbol("("),
                ..
            })
        );
        let error = |message: String, help: Option<String>| ExprError {
            message,
            at: at.clone(),
            help,
        };
        if !called {
            if name == "pi" {
                self.program.push(Step::Number(std::f64::consts::PI));
                return Ok(());
            }
            if BUILT_IN_NAMES.contains(&name) {
                return Err(error(
                    format!("`{name}` is a function"),
                    Some(format!("write `{name}(…)`")),
                ));
            }
            let index = (self.lookup)(name).map_err(|(message, help)| error(message, help))?;
            self.program.push(Step::Variable(index));
            return Ok(());
        }
        self.next += 1;
        if let Some(function) = FUNCTIONS.iter().position(|(f, _)| *f == name) {
            self.expression(0)?;
            self.expect(")")?;
            self.program.push(Step::Call(function));
            return Ok(());
        }
        let operator = match name {
            "min" => BinaryOperator::Min,
            "max" => BinaryOperator::Max,
            _ => {
                return Err(error(
                    format!("`{name}` is not a function"),
                    Some(super::error::did_you_mean(
                        name,
                        BUILT_IN_NAMES.get(..10).unwrap_or_default(),
                    )),
                ));
            }
        };
        self.expression(0)?;
        self.expect(",")?;
        self.expression(0)?;
        self.program.push(Step::Binary(operator));
        // Any number of arguments, from the left.
        while matches!(
            self.peek(),
            Some(Token {
                kind: TokenKind::Symbol(","),
                ..
            })
        ) {
            self.next += 1;
            self.expression(0)?;
            self.program.push(Step::Binary(operator));
        }
        self.expect(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Expr, ExprError> {
        Expr::parse(text, &mut |name| match name {
            "x" => Ok(0),
            "y" => Ok(1),
            _ => Err((format!("no parameter `{name}`"), None)),
        })
    }

    /// The value at x = 3, y = 0.5.
    fn value(text: &str) -> f64 {
        parse(text)
            .unwrap_or_else(|e| panic!("{text}: {e:?}"))
            .evaluate(&[3.0, 0.5])
    }

    #[test]
    fn precedence_is_pythons() {
        assert_eq!(value("1 + 2*3"), 7.0);
        assert_eq!(value("(1 + 2)*3"), 9.0);
        assert_eq!(value("2 - 3 - 4"), -5.0);
        assert_eq!(value("2/4/4"), 0.125);
        assert_eq!(value("2**3**2"), 512.0);
        assert_eq!(value("-2**2"), -4.0);
        assert_eq!(value("2**-1"), 0.5);
        assert_eq!(value("2**-1*3"), 1.5);
        assert_eq!(value("2*-3"), -6.0);
        assert_eq!(value("2 - -3"), 5.0);
        assert_eq!(value("--+2"), 2.0);
        assert_eq!(value("-x**2"), -9.0);
    }

    #[test]
    fn functions_and_parameters() {
        assert_eq!(value("sqrt(x*x + 16)"), 5.0);
        assert_eq!(value("log(exp(1))"), 1.0);
        assert_eq!(value("log10(1000)"), 3.0);
        assert_eq!(value("abs(-y)"), 0.5);
        assert_eq!(value("min(x, y, 2)"), 0.5);
        assert_eq!(value("max(x, y)"), 3.0);
        assert_eq!(value("round(2.5)"), 2.0);
        assert_eq!(value("round(3.5)"), 4.0);
        assert_eq!(value("floor(y) + ceil(y)"), 1.0);
        assert_eq!(value("$x + y"), 3.5);
        assert_eq!(value("pi").to_bits(), std::f64::consts::PI.to_bits());
    }

    #[test]
    fn numbers_keep_their_bits() {
        for text in [
            "0.1",
            "1e-4",
            "0.006562",
            ".5",
            "5.",
            "1E+3",
            "123456789.123456789e-20",
        ] {
            let wanted: f64 = text.parse().unwrap();
            assert_eq!(value(text).to_bits(), wanted.to_bits(), "{text}");
        }
        assert_eq!(value("-0.0").to_bits(), (-0.0_f64).to_bits());
    }

    #[test]
    fn division_by_zero_and_overflow_are_not_finite() {
        for text in [
            "1/(x - 3)",
            "10**400",
            "log(0)",
            "sqrt(-1)",
            "0/0",
            "max(0/0, 1)",
            "(-8)**y",
        ] {
            assert!(!value(text).is_finite(), "{text}");
        }
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = |text: &str| {
            let e = parse(text).unwrap_err();
            (e.message, e.at, e.help.unwrap_or_default())
        };
        assert_eq!(
            error("2x"),
            (
                "expected an operator or the end, found `x`".into(),
                1..2,
                "a product needs a sign: `*x`".into()
            )
        );
        assert_eq!(error("x^2").2, "a power is written `**`");
        assert_eq!(
            error("1 + z"),
            ("no parameter `z`".into(), 4..5, String::new())
        );
        assert_eq!(error("").0, "the expression is empty");
        assert_eq!(
            error("1 +"),
            (
                "the expression ends where a value is expected".into(),
                3..3,
                String::new()
            )
        );
        assert_eq!(error("(1").0, "the expression ends where `)` is expected");
        assert_eq!(error("1)").0, "expected an operator or the end, found `)`");
        assert_eq!(
            error("sqr(2)"),
            (
                "`sqr` is not a function".into(),
                0..3,
                "did you mean `sqrt`?".into()
            )
        );
        assert_eq!(error("exp").2, "write `exp(…)`");
        assert_eq!(error("max(1)").0, "expected `,`, found `)`");
        assert_eq!(error("1e999").0, "`1e999` is not a finite number");
        assert_eq!(
            error("1 2").0,
            "expected an operator or the end, found a number"
        );
    }

    #[test]
    fn long_and_deep_expressions_are_refused_or_evaluated_without_recursion() {
        assert_eq!(value(&"+1".repeat(5000)), 5000.0);
        assert!(
            parse(&"-".repeat(5000))
                .unwrap_err()
                .message
                .contains("nested")
        );
        assert!(
            parse(&"(".repeat(5000))
                .unwrap_err()
                .message
                .contains("nested")
        );
        assert!(
            parse(&"2**".repeat(3000))
                .unwrap_err()
                .message
                .contains("nested")
        );
        assert!(
            parse(&"1+".repeat(100_000))
                .unwrap_err()
                .message
                .contains("at most")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".*") {
            if let Ok(expr) = parse(&text) {
                expr.evaluate(&[1.0, 2.0]);
            }
        }

        #[test]
        fn any_arrangement_of_tokens_is_parsed_or_refused(
            tokens in proptest::collection::vec(proptest::sample::select(vec![
                "1", "x", "y", "+", "-", "*", "/", "**", "(", ")", ",", "min", "log", "pi", " ", ".",
            ]), 0..30)
        ) {
            if let Ok(expr) = parse(&tokens.concat()) {
                expr.evaluate(&[1.0, 2.0]);
            }
        }
    }
}
