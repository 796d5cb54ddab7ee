-- Names are told apart without upper and lower case, in the way that both databases know.
CREATE UNIQUE INDEX accounts_named ON accounts (lower(name));
