// The password to send for the given user and password. Pure.

/**
 * A user without a password logs in with an empty one, as servers require for `nopass` users. An empty password without a user
 * (`-a ''`) means no login: the default user with `nopass` refuses every AUTH.
 */
export function loginPassword(username: string | undefined, password: string | undefined): string | undefined {
  if (username !== undefined) return password ?? '';
  return password === '' ? undefined : password;
}
