//! May they: document → compile → index → decide → explain.
