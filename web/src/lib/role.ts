// Which role holds a right: people know roles, programs scopes. As `crates/chassis/src/auth/role.rs` has it.

const INNER = ['users', 'keys', 'workspaces', 'audit', 'config', 'logs'];

/** The least role that may do what a scope allows. Viewers read what members read: who lacks even that is told of members. */
export function leastRole(scope: string): 'member' | 'operator' | 'admin' | 'owner' {
  const [room = '', verb] = scope.split(':');
  if (INNER.includes(room)) return room === 'workspaces' && verb === 'admin' ? 'owner' : 'admin';
  return verb === 'admin' ? 'operator' : 'member';
}
