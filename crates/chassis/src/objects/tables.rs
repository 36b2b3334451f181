//! What is stored of objects and uploads.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(super) mod blob {
    //! Bytes of one workspace, kept once however many objects have them.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "object_blob")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// BLAKE3, in hexadecimal.
        #[sea_orm(column_type = "Text")]
        pub hash: String,
        pub size_bytes: i64,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod object {
    //! One file as its owner sees it.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "object")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text")]
        pub blob_id: String,
        #[sea_orm(column_type = "Text")]
        pub hash: String,
        pub size_bytes: i64,
        /// Media type.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub name: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        /// Removed after this moment; none means kept until somebody deletes it.
        #[sea_orm(column_type = "Text", nullable)]
        pub keep_until: Option<String>,
        /// The address of what it belongs to and goes with; none where it stands alone.
        #[sea_orm(column_type = "Text", nullable)]
        pub held_by: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod usage {
    //! What a workspace keeps: a running sum, so that a quota costs one row.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "object_usage")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub workspace_id: String,
        pub size_bytes: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod signing_key {
    //! What addresses are signed with, shared by all instances.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "object_signing_key")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        /// In hexadecimal.
        #[sea_orm(column_type = "Text")]
        pub secret: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod upload {
    //! A resumable upload: how far it is durable, and where its part lies.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "upload")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// The instance whose staging folder holds the part.
        #[sea_orm(column_type = "Text")]
        pub instance: String,
        /// None as long as the length is deferred.
        pub length_bytes: Option<i64>,
        /// Bytes that are on disk; what the part holds beyond them does not count.
        pub offset_bytes: i64,
        /// `Upload-Metadata`, as it was given.
        #[sea_orm(column_type = "Text")]
        pub metadata: String,
        /// `Upload-Concat`, as it was given; empty for a whole upload.
        #[sea_orm(column_type = "Text")]
        pub concat: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text")]
        pub expires_at: String,
        /// What came of it, once it is complete.
        #[sea_orm(column_type = "Text", nullable)]
        pub object_id: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(CreateObjects),
        Box::new(CreateUploads),
        Box::new(AddHolder),
    ]
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn optional(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn of_workspace(table: &'static str) -> sea_orm::sea_query::ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "workspace_id")
        .to("workspace", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

struct CreateObjects;

impl MigrationName for CreateObjects {
    fn name(&self) -> &'static str {
        "chassis_0030_objects"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateObjects {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let blob = Table::create()
            .table("object_blob")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("hash"))
            .col(count("size_bytes"))
            .col(text("created_at"))
            .foreign_key(&mut of_workspace("object_blob"))
            .take();
        manager.create_table(blob).await?;
        let once = Index::create()
            .name("object_blob_workspace_id_hash_key")
            .table("object_blob")
            .col("workspace_id")
            .col("hash")
            .unique()
            .take();
        manager.create_index(once).await?;
        let object = Table::create()
            .table("object")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("blob_id"))
            .col(text("hash"))
            .col(count("size_bytes"))
            .col(text("kind"))
            .col(optional("name"))
            .col(text("created_at"))
            .col(optional("keep_until"))
            .foreign_key(&mut of_workspace("object"))
            // An object never loses its bytes to a deletion that ran beside its making: the key refuses one of the two.
            .foreign_key(
                ForeignKey::create()
                    .from("object", "blob_id")
                    .to("object_blob", "id")
                    .on_delete(ForeignKeyAction::NoAction),
            )
            .take();
        manager.create_table(object).await?;
        for (name, columns) in [
            ("object_workspace_id_id_idx", &["workspace_id", "id"][..]),
            ("object_blob_id_idx", &["blob_id"]),
            ("object_keep_until_idx", &["keep_until"]),
        ] {
            let mut index = Index::create().name(name).table("object").take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        let usage = Table::create()
            .table("object_usage")
            .col(text("workspace_id").primary_key())
            .col(count("size_bytes"))
            .foreign_key(&mut of_workspace("object_usage"))
            .take();
        manager.create_table(usage).await?;
        let key = Table::create()
            .table("object_signing_key")
            .col(text("id").primary_key())
            .col(text("secret"))
            .col(text("created_at"))
            .take();
        manager.create_table(key).await
    }
}

struct CreateUploads;

impl MigrationName for CreateUploads {
    fn name(&self) -> &'static str {
        "chassis_0031_uploads"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateUploads {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let upload = Table::create()
            .table("upload")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("instance"))
            .col(ColumnDef::new("length_bytes").big_integer())
            .col(count("offset_bytes"))
            .col(text("metadata"))
            .col(text("concat"))
            .col(text("created_at"))
            .col(text("expires_at"))
            .col(optional("object_id"))
            .foreign_key(&mut of_workspace("upload"))
            .take();
        manager.create_table(upload).await?;
        for column in ["workspace_id", "expires_at"] {
            let index = Index::create()
                .name(format!("upload_{column}_idx"))
                .table("upload")
                .col(column)
                .take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

struct AddHolder;

impl MigrationName for AddHolder {
    fn name(&self) -> &'static str {
        "chassis_0032_object_held_by"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AddHolder {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = optional("held_by");
        let table = Table::alter().table("object").add_column(column).take();
        manager.alter_table(table).await
    }
}
