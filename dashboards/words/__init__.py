"""Every word a person reads, one file a language, and how numbers and moments are written. Holds no markup."""
