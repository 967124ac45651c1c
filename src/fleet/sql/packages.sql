-- Package sets: found by digest; packages by what identifies them.

-- name: set_find
SELECT id FROM package_set WHERE digest = ?1 AND archived IS NULL

-- name: package_find
SELECT id FROM package WHERE name = ?1 AND release = ?2 AND architecture = ?3 AND format = ?4 AND archived IS NULL LIMIT 1

-- name: package_add
INSERT INTO package (id, entity, version, since, entry, name, release, architecture, publisher, format)
VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: item_add
INSERT INTO package_set_item (id, entity, version, since, entry, package_set, package, ordinal, name)
VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: items_add
INSERT INTO package_set_item (id, entity, version, since, entry, package_set, package, ordinal, name) VALUES
  (?5, ?1, 1, ?2, ?3, ?4, ?6, ?7, ?8),
  (?9, ?1, 1, ?2, ?3, ?4, ?10, ?11, ?12),
  (?13, ?1, 1, ?2, ?3, ?4, ?14, ?15, ?16),
  (?17, ?1, 1, ?2, ?3, ?4, ?18, ?19, ?20),
  (?21, ?1, 1, ?2, ?3, ?4, ?22, ?23, ?24),
  (?25, ?1, 1, ?2, ?3, ?4, ?26, ?27, ?28),
  (?29, ?1, 1, ?2, ?3, ?4, ?30, ?31, ?32),
  (?33, ?1, 1, ?2, ?3, ?4, ?34, ?35, ?36),
  (?37, ?1, 1, ?2, ?3, ?4, ?38, ?39, ?40),
  (?41, ?1, 1, ?2, ?3, ?4, ?42, ?43, ?44),
  (?45, ?1, 1, ?2, ?3, ?4, ?46, ?47, ?48),
  (?49, ?1, 1, ?2, ?3, ?4, ?50, ?51, ?52),
  (?53, ?1, 1, ?2, ?3, ?4, ?54, ?55, ?56),
  (?57, ?1, 1, ?2, ?3, ?4, ?58, ?59, ?60),
  (?61, ?1, 1, ?2, ?3, ?4, ?62, ?63, ?64),
  (?65, ?1, 1, ?2, ?3, ?4, ?66, ?67, ?68),
  (?69, ?1, 1, ?2, ?3, ?4, ?70, ?71, ?72),
  (?73, ?1, 1, ?2, ?3, ?4, ?74, ?75, ?76),
  (?77, ?1, 1, ?2, ?3, ?4, ?78, ?79, ?80),
  (?81, ?1, 1, ?2, ?3, ?4, ?82, ?83, ?84),
  (?85, ?1, 1, ?2, ?3, ?4, ?86, ?87, ?88),
  (?89, ?1, 1, ?2, ?3, ?4, ?90, ?91, ?92),
  (?93, ?1, 1, ?2, ?3, ?4, ?94, ?95, ?96),
  (?97, ?1, 1, ?2, ?3, ?4, ?98, ?99, ?100),
  (?101, ?1, 1, ?2, ?3, ?4, ?102, ?103, ?104),
  (?105, ?1, 1, ?2, ?3, ?4, ?106, ?107, ?108),
  (?109, ?1, 1, ?2, ?3, ?4, ?110, ?111, ?112),
  (?113, ?1, 1, ?2, ?3, ?4, ?114, ?115, ?116),
  (?117, ?1, 1, ?2, ?3, ?4, ?118, ?119, ?120),
  (?121, ?1, 1, ?2, ?3, ?4, ?122, ?123, ?124),
  (?125, ?1, 1, ?2, ?3, ?4, ?126, ?127, ?128),
  (?129, ?1, 1, ?2, ?3, ?4, ?130, ?131, ?132)

-- name: set_packages
SELECT p.name, p.release, p.architecture
  FROM package_set_item i JOIN package p ON p.id = i.package
 WHERE i.package_set = ?1 ORDER BY i.ordinal

-- Sets with their items, in the order their digests are over; a set of nothing has one row without an item.
-- name: verify_items
SELECT s.id, s.digest, s.packages, i.id, i.ordinal, i.name, p.name, p.release, p.architecture, p.format, i.entry, s.entry
  FROM package_set s LEFT JOIN package_set_item i ON i.package_set = s.id LEFT JOIN package p ON p.id = i.package
 WHERE s.id >= ?1 AND (s.id > ?1 OR i.ordinal > ?2) ORDER BY s.id, i.ordinal NULLS FIRST LIMIT ?3

-- name: verify_stray_item
SELECT i.id FROM package_set_item i WHERE NOT EXISTS (SELECT 1 FROM package_set s WHERE s.id = i.package_set) LIMIT 1

-- name: verify_stray_package
SELECT p.id FROM package p WHERE NOT EXISTS (SELECT 1 FROM package_set_item i WHERE i.package = p.id) LIMIT 1
