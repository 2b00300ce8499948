//! Makes the context of Tauri from `tauri.conf.json`.

fn main() {
    tauri_build::build();
}
