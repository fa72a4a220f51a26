//! Any sequence of changes leaves what it should, and no result notices.

use std::collections::BTreeMap;

use imapi2fs::{FileSystemImage, ImagePath, ResultImage};
use proptest::prelude::*;

use crate::support::bytes::all;
use crate::support::random::file_systems;
use crate::support::{Host, check, image_of};

/// What is done to an image.
#[derive(Clone, Debug)]
enum Edit {
    AddFile(ImagePath, usize),
    AddDirectory(ImagePath),
    AddDetached(ImagePath, bool),
    AddTree(ImagePath),
    Remove(ImagePath),
    RemoveTree(ImagePath),
    Hide(ImagePath),
    Stage(bool),
    MakeResult,
}

/// Items by path: a file's data, nothing for a directory.
type Model = BTreeMap<ImagePath, Option<Vec<u8>>>;

/// The files of the tree that is added.
const TREE: [(&str, &[u8]); 4] = [
    ("a", b"from the tree"),
    ("b/a", b"below"),
    ("b/c/d", &[9; 3000]),
    ("d", b""),
];

fn paths() -> impl Strategy<Value = ImagePath> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 1..4)
        .prop_map(ImagePath::from_components)
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        4 => (paths(), 0..5000_usize).prop_map(|(path, len)| Edit::AddFile(path, len)),
        4 => paths().prop_map(Edit::AddDirectory),
        2 => (paths(), any::<bool>()).prop_map(|(path, is_file)| Edit::AddDetached(path, is_file)),
        2 => prop_oneof![Just(ImagePath::root()), paths()].prop_map(Edit::AddTree),
        2 => paths().prop_map(Edit::Remove),
        2 => prop_oneof![1 => Just(ImagePath::root()), 5 => paths()].prop_map(Edit::RemoveTree),
        1 => paths().prop_map(Edit::Hide),
        1 => any::<bool>().prop_map(Edit::Stage),
        1 => Just(Edit::MakeResult),
    ];
    prop::collection::vec(edit, 0..60)
}

fn is_directory(model: &Model, path: &ImagePath) -> bool {
    path.is_root() || matches!(model.get(path), Some(None))
}

fn is_below(path: &ImagePath, directory: &ImagePath) -> bool {
    path != directory
        && path
            .components()
            .zip(directory.components())
            .all(|(a, b)| a == b)
        && path.components().len() > directory.components().len()
}

fn has_parent(model: &Model, path: &ImagePath) -> bool {
    is_directory(model, &path.parent().unwrap())
}

/// What the model is after the tree is added; nothing if that must fail.
fn with_tree(model: &Model, target: &ImagePath) -> Option<Model> {
    let mut model = model.clone();
    if !is_directory(&model, target) {
        return None;
    }
    for (path, data) in TREE {
        let names: Vec<&str> = path.split('/').collect();
        let mut at = target.clone();
        for name in &names[..names.len() - 1] {
            at = at.join(*name);
            if model.entry(at.clone()).or_insert(None).is_some() {
                return None;
            }
        }
        at = at.join(names[names.len() - 1]);
        if is_directory(&model, &at) {
            return None;
        }
        model.insert(at, Some(data.to_vec()));
    }
    Some(model)
}

/// Does it to the image and to the model, which agree on whether it can be done.
fn apply(image: &mut FileSystemImage, model: &mut Model, host: &Host, edit: &Edit) {
    let (done, possible) = match edit {
        Edit::AddFile(path, len) => {
            let data: Vec<u8> = (0..*len).map(|at| (at % 251) as u8).collect();
            let possible = has_parent(model, path) && !model.contains_key(path);
            if possible {
                model.insert(path.clone(), Some(data.clone()));
            }
            (image.root_mut().add_file(path, data).is_ok(), possible)
        }
        Edit::AddDirectory(path) => {
            let possible = has_parent(model, path) && model.get(path).is_none_or(Option::is_none);
            if possible {
                model.insert(path.clone(), None);
            }
            (image.root_mut().add_directory(path).is_ok(), possible)
        }
        Edit::AddDetached(path, is_file) => {
            let possible = has_parent(model, path) && !model.contains_key(path);
            if possible {
                model.insert(path.clone(), is_file.then(|| b"detached".to_vec()));
            }
            let done = if *is_file {
                let file = image.create_file_item(path, b"detached").unwrap();
                image.root_mut().add(file).is_ok()
            } else {
                let directory = image.create_directory_item(path).unwrap();
                image.root_mut().add(directory).is_ok()
            };
            (done, possible)
        }
        Edit::AddTree(target) => {
            let after = with_tree(model, target);
            let done = match image.directory_mut(target) {
                Ok(mut directory) => directory.add_tree(host.root(), false).is_ok(),
                Err(_) => false,
            };
            let possible = after.is_some();
            *model = after.unwrap_or_else(|| std::mem::take(model));
            (done, possible)
        }
        Edit::Remove(path) => {
            let empty = !model.keys().any(|other| is_below(other, path));
            let possible = empty && model.remove(path).is_some();
            (image.root_mut().remove(path).is_ok(), possible)
        }
        Edit::RemoveTree(path) => {
            let possible = is_directory(model, path);
            if possible {
                model.retain(|other, _| !is_below(other, path) && other != path);
            }
            (image.root_mut().remove_tree(path).is_ok(), possible)
        }
        Edit::Hide(path) => {
            let possible = model.contains_key(path);
            let done = match image.item_mut(path) {
                Ok(mut item) => {
                    item.set_is_hidden(true);
                    true
                }
                Err(_) => false,
            };
            (done, possible)
        }
        Edit::Stage(stage_files) => {
            image.set_stage_files(*stage_files);
            (true, true)
        }
        Edit::MakeResult => (true, true),
    };
    assert_eq!(done, possible, "{edit:?}");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 16 } else { 200 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn edits_leave_what_they_should(edits in edits(), file_systems in file_systems()) {
        let host = Host::with(&TREE);
        let mut image = image_of(file_systems);
        let mut model = Model::new();
        let mut results: Vec<(ResultImage, Vec<u8>)> = Vec::new();
        for edit in &edits {
            apply(&mut image, &mut model, &host, edit);
            if matches!(edit, Edit::MakeResult) && results.len() < 3 {
                let result = image.create_result_image().unwrap();
                let bytes = all(result.image_stream());
                results.push((result, bytes));
            }
        }
        let found: Model = image
            .root()
            .descendants()
            .map(|item| (item.full_path(), item.data().ok().map(all)))
            .collect();
        prop_assert_eq!(&found, &model);
        let files = model.values().flatten().count();
        prop_assert_eq!(image.file_count() as usize, files);
        prop_assert_eq!(image.directory_count() as usize, model.len() - files);
        check(&image);
        drop(image);
        for (result, bytes) in results {
            prop_assert!(all(result.image_stream()) == bytes, "a result changed");
        }
    }
}
