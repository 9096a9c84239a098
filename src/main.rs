//! Parse, call, exit code.

fn main() -> std::process::ExitCode {
    hnn_sweep::cli::main()
}
