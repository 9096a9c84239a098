//! Units of statistics, for the columns of the table `summary` and for axes.

use super::{Measure, Signal, SpikeMeasure, Statistic, Summary};

impl Signal {
    /// Unit of its values.
    pub fn unit(&self) -> &'static str {
        match self {
            Signal::Agg | Signal::L2 | Signal::L5 => "nAm",
            Signal::Lfp(_) => "uV",
            Signal::Csd(_) => "uV/um^2",
        }
    }
}

impl Measure {
    /// Unit of the measure of a waveform whose values have the unit `of`; empty for a pure number.
    ///
    /// ```
    /// use hnn_sweep::pipeline::{Band, Measure, Signal};
    ///
    /// let beta = Band { fmin: 15.0, fmax: 29.0, segment: None };
    /// assert_eq!(Measure::BandPower(beta).unit(Signal::Agg.unit()), "nAm^2");
    /// assert_eq!(Measure::PeakFrequency(beta).unit(Signal::Agg.unit()), "Hz");
    /// ```
    pub fn unit(&self, of: &str) -> String {
        match self {
            Measure::Min
            | Measure::Max
            | Measure::PeakToPeak
            | Measure::Mean
            | Measure::Rms
            | Measure::PeakAmplitude(_)
            | Measure::Rmse(_) => of.to_owned(),
            Measure::TimeOfMin | Measure::TimeOfMax | Measure::PeakTime(_) => "ms".to_owned(),
            Measure::BandPower(_) if of.contains('/') => format!("({of})^2"),
            Measure::BandPower(_) => format!("{of}^2"),
            Measure::PeakFrequency(_) => "Hz".to_owned(),
            Measure::Correlation(_) => String::new(),
        }
    }
}

impl SpikeMeasure {
    /// Its unit; empty for a pure number.
    pub fn unit(self) -> &'static str {
        match self {
            SpikeMeasure::Count | SpikeMeasure::IsiCv => "",
            SpikeMeasure::MeanRate => "Hz",
            SpikeMeasure::First | SpikeMeasure::IsiMean | SpikeMeasure::IsiStd => "ms",
        }
    }
}

impl Statistic {
    /// Its unit; empty for a pure number, and for formulas and SQL, whose unit only their author knows.
    pub fn unit(&self) -> String {
        match self {
            Statistic::Waveform {
                signal, measure, ..
            } => measure.unit(signal.unit()),
            Statistic::Spikes { measure, .. } => measure.unit().to_owned(),
            Statistic::Formula(_) | Statistic::Sql(_) => String::new(),
        }
    }
}

impl Summary {
    /// Unit of its column, as [`Statistic::unit`].
    pub fn unit(&self) -> String {
        self.statistic.unit()
    }
}
