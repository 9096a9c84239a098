//! Arithmetic that reads as the formula it computes, and needs no `unsafe`.

use super::Simd;
use std::ops::{Add, Div, Mul, Sub};

/// A value for each of eight cells, in the processor's registers.
///
/// Whoever makes the first one promises that the processor has the instruction set; all others come from it.
#[derive(Clone, Copy)]
pub struct Vector<S>(S);

// SAFETY (all functions below): a `Vector` exists, so the processor has S.

impl<S: Simd> Vector<S> {
    /// A vector of instruction set S.
    ///
    /// # Safety
    /// The processor has S.
    #[inline(always)]
    pub unsafe fn new(value: S) -> Self {
        Self(value)
    }

    /// The bare register.
    #[inline(always)]
    pub fn get(self) -> S {
        self.0
    }

    /// A vector of the same set with `x` in all lanes.
    #[inline(always)]
    pub fn splat(self, x: f64) -> Self {
        Self(unsafe { S::splat(x) })
    }

    /// `self * b + c`, rounded once.
    #[inline(always)]
    pub fn mul_add(self, b: impl Into<Operand<S>>, c: Self) -> Self {
        let b = b.into().lanes(self);
        Self(unsafe { self.0.fma(b, c.0) })
    }

    /// `c - self * b`, rounded once.
    #[inline(always)]
    pub fn mul_sub_from(self, b: impl Into<Operand<S>>, c: Self) -> Self {
        let b = b.into().lanes(self);
        Self(unsafe { self.0.fnma(b, c.0) })
    }

    /// `self` where it is greater than zero, else zero (also for NaN).
    #[inline(always)]
    pub fn positive(self) -> Self {
        Self(unsafe { self.0.positive() })
    }

    /// `self` where it is less than `limit`, else `limit` (also for NaN).
    #[inline(always)]
    pub fn at_most(self, limit: f64) -> Self {
        Self(unsafe { self.0.at_most(S::splat(limit)) })
    }
}

/// A factor: eight values, or one for all lanes.
#[derive(Clone, Copy)]
pub enum Operand<S> {
    /// Lane by lane.
    Lanes(Vector<S>),
    /// The same in all lanes.
    Number(f64),
}

impl<S: Simd> Operand<S> {
    #[inline(always)]
    fn lanes(self, of: Vector<S>) -> S {
        match self {
            Self::Lanes(value) => value.0,
            Self::Number(x) => of.splat(x).0,
        }
    }
}

impl<S> From<Vector<S>> for Operand<S> {
    #[inline(always)]
    fn from(value: Vector<S>) -> Self {
        Self::Lanes(value)
    }
}

impl<S> From<f64> for Operand<S> {
    #[inline(always)]
    fn from(x: f64) -> Self {
        Self::Number(x)
    }
}

macro_rules! operator {
    ($($operator:ident $function:ident $simd:ident)*) => {$(
        impl<S: Simd, B: Into<Operand<S>>> $operator<B> for Vector<S> {
            type Output = Self;
            #[inline(always)]
            fn $function(self, b: B) -> Self {
                let b = b.into().lanes(self);
                Self(unsafe { self.0.$simd(b) })
            }
        }
    )*};
}

operator!(Add add add  Sub sub sub  Mul mul mul  Div div div);
