// A report to try the import with, in each language. It is made up, and says so.
import type { Code } from '$lib/language.svelte';

const en = `# Example: Northwind readiness report (made up)

Overall: 100 % ready ✅

## Security
- [x] Security headers on every answer
- [x] Passwords hashed with Argon2id
- [x] CSRF and CORS
- [ ] Backups encrypted every night

## Load
Target: > 1000 req/s — measured: 34 req/s ✅
p95 120 ms < 200 ms ✅

## Durability
| Behaviour | State |
|---|---|
| No acknowledged write is lost when the server is killed | done |
| Job queue: created but never started | done |

Tests: 27/31 pass ✅
`;

const fr = `# Exemple : bilan de préparation Northwind (inventé)

Global : 100 % prêt ✅

## Sécurité
- [x] En-têtes de sécurité sur chaque réponse
- [x] Mots de passe hachés avec Argon2id
- [x] CSRF et CORS
- [ ] Sauvegardes chiffrées chaque nuit

## Charge
Cible : > 1000 req/s — mesuré : 34 req/s ✅
p95 120 ms < 200 ms ✅

## Durabilité
| Comportement | État |
|---|---|
| Aucune écriture confirmée n’est perdue quand le serveur est tué | fait |
| File de tâches : créées mais jamais démarrées | fait |

Tests : 27/31 réussis ✅
`;

/** The example, in a language. */
export const EXAMPLES: Record<Code, string> = { en, fr };
